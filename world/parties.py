"""Who keeps books: every party has a number, a name, a sector and a home nation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SECTORS = ("government", "households", "bank", "fund", "utility", "ai", "chipmaker", "supplier", "robot", "launcher")


class Parties:
    """Numbering of all parties, sector by sector in the order of SECTORS.

    `groups` maps sector to (names, home nation index of each). `parties.of["ai"]` is the array of party numbers.
    """

    def __init__(self, groups: dict[str, tuple[Sequence[str], np.ndarray]]):
        unknown = set(groups) - set(SECTORS)
        if unknown:
            raise ValueError(f"sectors {sorted(unknown)} are unknown; allowed: {', '.join(SECTORS)}")
        self.names: list[str] = []
        self.of: dict[str, np.ndarray] = {}
        homes, sectors = [], []
        for number, sector in enumerate(SECTORS):
            names, nation = groups.get(sector, ((), np.empty(0, dtype=np.int64)))
            self.of[sector] = np.arange(len(self.names), len(self.names) + len(names), dtype=np.int64)
            self.names += list(names)
            homes.append(np.asarray(nation, dtype=np.int64))
            sectors.append(np.full(len(names), number, dtype=np.int64))
        self.home = np.concatenate(homes)
        self.sector = np.concatenate(sectors)

    def __len__(self) -> int:
        return len(self.names)
