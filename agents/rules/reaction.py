"""How a government reacts: it works on the cause that binds, the harder the further it sees a rival ahead (Richardson 1960)."""

from __future__ import annotations

import numpy as np


def adapt_effort(effort, binds, threat, stance, speed, fatigue, threat_scale, most):
    """Return next month's speed-up of permits and studies (1 = none, below `most`).

    It rises at `speed` a month where paperwork `binds`, scaled by 1 + tanh(threat / scale) and by the room left to `most`,
    and decays at `fatigue`; `stance` 0 leaves only the decay. Needs 2·speed·stance + fatigue < 1.
    """
    push = stance * np.where(binds, 1.0, 0.0) * (1.0 + np.tanh(np.maximum(threat, 0.0) / threat_scale))
    return effort + speed * push * (most - effort) - fatigue * (effort - 1.0)
