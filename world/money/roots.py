"""Where a falling function of one number crosses zero: Newton's step, kept inside the bracket, halving where it does not pay."""

from __future__ import annotations

from ..kernels import kernel

MOST_TRIES = 150  # a guard: twice what halving takes from any bracket to the last digit
_NOTHING = 4e-15  # relative step that is rounding


@kernel
def next_try(low, high, point, excess, slope, slow):
    """Return the point to try after `point`, where the function is `excess` and falls by `-slope`: `point` itself at the root.

    `slow`: the last step did not halve what was missing, so halve the bracket.
    """
    tried = 0.5 * (low + high)
    if slope < 0.0:
        step = excess / slope
        if abs(step) <= _NOTHING * max(1.0, abs(point)):
            return point
        if not slow and low < point - step < high:
            tried = point - step
    return tried if low < tried < high else point
