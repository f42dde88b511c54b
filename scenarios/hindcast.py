"""Runs of the past, scored against what happened: `wattrace hindcast power`.

From each origin (a January) worlds are run forward that know only what was known then. Their yearly figures stand against the
observed ones and against naive forecasts made from the same past. What a run is not scored by, and why, is told in `docs/validation.md`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..world.tables import Tables
from .batch import Progress, batch
from .hindcast_scores import COIN_FLIP_YEARS, WORLD, bands, coin_flip, judged, naive, scored
from .run import bytes_hash, tables_hash
from .study import Study

OBSERVED = Path(__file__).parent / "observed"
ORIGINS = tuple(range(2016, 2023))
LAST_YEAR = 2025
MOST_YEARS = 10
TEST_FROM = 2019  # calibration may use what was observed before; origins from here on are the test
DRAWS = 100
_CLEAN = ("uranium",)  # plants whose own use is small beside what captive plants make

Key = tuple[str, str, str]  # nation, item, source of energy


class Target(NamedTuple):
    """One figure that is scored: its variables are added up; those of burnt fuels share what the system basis leaves out."""

    item: str
    source: str
    variables: tuple[str, ...]
    thermal: bool


@cache
def _past() -> Tables:
    return Tables.load(f"{LAST_YEAR + 5}-01", folder=OBSERVED, hindsight=True)


def targets(tables: Tables) -> list[Target]:
    """Return what is scored."""
    kind = dict(zip(tables["technologies"]["name"], tables["technologies"]["kind"], strict=True))
    fuel = dict(zip(tables["technologies"]["name"], tables["technologies"]["fuel"], strict=True))
    rows, found = _past()["targets"], []
    for i in range(len(rows)):
        variables = tuple(str(rows["variables"][i]).split("+"))
        names = [name.rsplit("|", 1)[-1] for name in variables]
        thermal = all(kind.get(name) == "thermal" and fuel[name] not in _CLEAN for name in names)
        found.append(Target(str(rows["item"][i]), str(rows["energy_source"][i]), variables, thermal))
    return found


def observed() -> dict[Key, dict[int, float]]:
    """Return {(nation, item, source): {year: value}}: generation TWh (gross), capacity GW (end of year), demand TWh (system basis)."""
    tables = Tables.load(f"{LAST_YEAR + 5}-01", hindsight=True)
    found: dict[Key, dict[int, float]] = defaultdict(dict)
    rows = _past()["observed"]
    for i in range(len(rows)):
        found[str(rows["nation"][i]), str(rows["item"][i]), str(rows["energy_source"][i])][int(rows["year"][i])] = float(rows["value"][i])
    nations = {*(str(nation) for nation in rows["nation"]), WORLD}
    home = dict(zip(tables["zones"]["zone"], tables["zones"]["nation"], strict=True))
    name = dict(zip(tables["technologies"]["technology"], tables["technologies"]["name"], strict=True))
    of = {variable.rsplit("|", 1)[-1]: t.source for t in targets(tables) if t.item == "capacity" for variable in t.variables}
    capacity, demand = tables["zone_capacity"], tables["zone_demand"].where(item="energy_twh")
    for i in range(len(capacity)):
        for nation in (home[capacity["zone"][i]], WORLD):
            _add(found, (nation, "capacity", of.get(name[capacity["technology"][i]], "")), capacity, i, nations)
    for i in range(len(demand)):
        _add(found, (home[demand["zone"][i]], "demand", "total"), demand, i, nations)
    return dict(found)


def _add(found: dict[Key, dict[int, float]], key: Key, rows: Any, i: int, nations: set[str]) -> None:
    if key[0] in nations and key[2]:
        year = int(rows["year"][i])
        found[key][year] = found[key].get(year, 0.0) + float(rows["value"][i])


class Hindcast(NamedTuple):
    """Cases with their scores, and the studies they come from {origin: folder}."""

    cases: pd.DataFrame
    claims: pd.DataFrame
    studies: dict[int, Path]
    draws: int
    failed: int


def hindcast(
    out: str | Path,
    *,
    scenario: Any = "fiat",
    origins: Iterable[int] = ORIGINS,
    draws: int = DRAWS,
    vary: str | Path | None = "power",
    seed: int = 1,
    workers: int | None = None,
    told: Callable[[int, Progress], None] | None = None,
    command: str = "",
) -> Hindcast:
    """Run `draws` worlds from each January of `origins` and score them against what happened, into folder `out`.

    Each origin is a study `out/origin-YEAR`; one that is finished or begun with the same inputs is gone on with. Raises what
    `batch` raises, and ValueError for origins that cannot be scored.
    """
    chosen = sorted(set(origins))
    wrong = [year for year in chosen if year not in ORIGINS]
    if wrong or not chosen:
        raise ValueError(f"origins are {', '.join(map(str, wrong)) or 'none'}; allowed: {ORIGINS[0]} to {ORIGINS[-1]}")
    real, parts, folders, failed = observed(), [], {}, 0
    for origin in chosen:
        folder = Path(out) / f"origin-{origin}"
        until = f"{min(origin + MOST_YEARS, LAST_YEAR + 1)}-01"
        tell = None if told is None else partial(told, origin)
        begun = (folder / "study.json").is_file()
        study = batch(
            scenario, draws=draws, vary=vary, seed=seed, start=f"{origin}-01", until=until, workers=workers, told=tell,
            command=command, resume=folder if begun else None, out=None if begun else folder,
        )  # fmt: skip
        folders[origin] = folder
        failed += len(study.failures())
        parts.append(_cases(origin, _yearly(study, origin, real), real))
    cases = scored(pd.concat(parts, ignore_index=True))
    return Hindcast(cases, judged(cases, claims()), folders, draws, failed)


def claims() -> pd.DataFrame:
    """Return what a good hindcast should reach, as it was set down before one was run."""
    table = _past()["claims"]
    frame = pd.DataFrame({name: table[name] for name in ("claim", "nation", "item", "energy_source", "test", "value", "year", "until")})
    return frame.astype({"year": int, "until": int})


def evidence_hash() -> str:
    """Return the sha256 over code, tables, observed figures and scoring: what the figures of a hindcast depend on."""
    here = [Path(__file__), Path(__file__).with_name("hindcast_scores.py"), OBSERVED.parent / "vary" / "power.toml"]
    files = [*here, *(OBSERVED.parent / "library" / f"{name}.toml" for name in ("baseline", "fiat")), *sorted(OBSERVED.iterdir())]
    parts = [bytes_hash(), tables_hash(), *(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def _yearly(study: Study, origin: int, real: Mapping[Key, Mapping[int, float]]) -> dict[Key, dict[int, np.ndarray]]:
    """Return {key: {year: forecasts [draws]}} of a study in the terms of the observed figures."""
    tables = Tables.load(f"{origin}-01")
    chosen = targets(tables)
    nations = sorted({nation for nation, _, _ in real})
    variables = sorted({name for target in chosen for name in target.variables})
    frame = study.frame(variables, nations)
    frame["year"] = frame["date"].astype(str).str[:4].astype(int)
    flows = [name for name in variables if not name.startswith("Power|Capacity|")]
    stocks = [name for name in variables if name.startswith("Power|Capacity|")]
    by = ["region", "year", "draw"]
    yearly = frame.groupby(by, observed=True)[flows].sum() * 1e-3  # GWh to TWh
    yearly[stocks] = frame.groupby(by, observed=True)[stocks].last()
    found: dict[Key, dict[int, np.ndarray]] = defaultdict(dict)
    for (nation, year), group in yearly.groupby(level=["region", "year"], observed=True):
        made = {t: group[list(t.variables)].sum(axis=1).to_numpy() for t in chosen}
        _to_gross(made, real, str(nation), origin - 1, group["Power|Load"].to_numpy())
        for target, values in made.items():
            found[str(nation), target.item, target.source][int(year)] = values
    return found


def _to_gross(
    made: dict[Target, np.ndarray], real: Mapping[Key, Mapping[int, float]], nation: str, last: int, load_twh: np.ndarray
) -> None:
    """Add to generation (TWh) what the system basis leaves out: plants' own use and captive plants.

    What was observed beyond the system's demand in year `last`, the last one known at the origin, grows with load. Sources that
    burn fuel share it by what they make: own use and captive plants are nearly all theirs.
    """
    total, demand = real.get((nation, "generation", "total"), {}).get(last), real.get((nation, "demand", "total"), {}).get(last)
    if total is None or demand is None:
        return
    gap = (total - demand) * load_twh / demand
    thermal = [t for t in made if t.item == "generation" and t.thermal]
    whole = np.maximum(sum(made[t] for t in thermal), 1e-9)
    shares = {t: made[t] / whole for t in thermal}
    for target in made:
        if target.item == "generation":
            made[target] = made[target] + gap * (shares[target] if target in shares else float(target.source == "total"))


def _cases(origin: int, forecast: Mapping[Key, Mapping[int, np.ndarray]], real: Mapping[Key, Mapping[int, float]]) -> pd.DataFrame:
    """Return a row per target and horizon: observed value, median and band of the draws, naive rivals, and whether skill is scored."""
    rows = []
    for key, years in sorted(forecast.items()):
        known = real.get(key, {})
        past = {year: value for year, value in known.items() if year < origin}
        for year, draws in sorted(years.items()):
            if year not in known or origin - 1 not in known or known[year] <= 0.0:
                continue
            (middle,), (low,), (high,) = bands(draws[:, None])
            rows.append({
                "nation": key[0], "item": key[1], "source": key[2], "origin": origin, "year": year, "horizon": year - origin + 1,
                "observed": known[year], "median": middle, "low": low, "high": high,
                **naive(past, origin - 1, year - origin + 1),
                "kept": not coin_flip(known, year) and min(known) <= year - COIN_FLIP_YEARS,
                "test": origin >= TEST_FROM,
            })  # fmt: skip
    return pd.DataFrame(rows)
