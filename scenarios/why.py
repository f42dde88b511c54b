"""Why an agent did what it did in a month: the run is done again up to that month, and its decisions are watched.

A run is the same again from its manifest: same scenario, seed, tables and code give the same bytes. Where something is
not the same any more, the answer says so.
"""

from __future__ import annotations

import difflib
import json
import platform
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..world.calendar import Calendar, label, months_since_zero
from ..world.money.ledger import PURPOSES
from ..world.money.matrices import ITEMS
from ..world.parties import SECTORS
from .axes import Agent, Axes, distinct_names
from .decided import Decided
from .run import PACKAGES, Result, code_hash, tables_hash
from .scenario import Scenario
from .trace import Trace, watch
from .why_text import explanation_text

if TYPE_CHECKING:
    from ..model import World

Progress = Callable[[int, int, str], None]


class WhyError(ValueError):
    """The question cannot be answered; the message says what was given, what is allowed and what to do."""


class Explanation(NamedTuple):
    """The answer: `content` as plain Python (JSON), `print(explanation)` for people."""

    content: dict[str, Any]

    def __str__(self) -> str:
        return explanation_text(self.content)

    def __repr__(self) -> str:
        return f"<Explanation of {self.content['agent']['name']} in {self.content['month']}>"


class _Past(NamedTuple):
    """A run as it was: what rebuilds it, its months, what it recorded in one, and what is no longer the same."""

    settings: Scenario
    seed: int
    tables: Any
    start: str
    until: str
    recorded: Callable[[str], dict[tuple[str, str], float]]
    notes: list[str]
    same: dict[str, bool | None]


def why(run: str | Path | World | Result, agent: str, month: str, progress: Progress | None = None) -> Explanation:
    """Tell what `agent` decided in `month` ("YYYY-MM") of a run, and why.

    `run` is a folder written by a run, a Result or a World. The world is built and run again to that month; a World
    itself is not touched. Raises WhyError; WorldFailed where the world built again breaks.
    """
    past = _past(run)
    number = _month_number(past, month)
    if month == past.until:
        past.notes.append(f"{month} is where the run ends; this is its last month.")
        month = Calendar(past.start, past.until).date(number)
    from ..model import World

    world = World(past.settings, seed=past.seed, tables=past.tables)
    found = find_agent(world, agent)
    trace = _run_again(world, number, past.notes, progress)
    decided = Decided(world, Axes(world, found))
    content = {
        "agent": {
            "name": found.name, "kind": found.sector, "nation": world.places.nations[found.nation], "party": found.party,
        },
        "month": month,
        "run": {
            "scenario": past.settings.name, "regime": past.settings.regime, "seed": past.seed, "start": past.start, "until": past.until,
        },
        "reconstruction": _compared(past, world, month),
        "decisions": decided.decisions(trace),
        "payments": payments(world, number, found.party),
        "balance_sheet": sheet(world, number, found.party),
        "events": [event.text for event in world.events if event.month == number and _names(event, found, world)],
    }  # fmt: skip
    return Explanation(content)


def _run_again(world: Any, number: int, notes: list[str], progress: Progress | None) -> Trace:
    """Run a world to a month and watch that one. A world that breaks says what is not as it was."""
    from ..model import WorldFailed

    try:
        while world.month < number:
            world.step()
            if progress is not None:
                progress(world.month, number + 1, world.date)
        with watch() as trace:
            world.step()
    except WorldFailed as error:
        raise WorldFailed(" ".join(["The run could not be done again.", str(error), *notes])) from error
    return trace


# -- the run as it was ------------------------------------------------------------------------------------------


def _past(run: Any) -> _Past:
    if isinstance(run, Result):
        run = run.world
    if isinstance(run, str | Path):
        return _from_folder(Path(run))
    if not hasattr(run, "parties"):
        raise WhyError(f"run is {run!r}; allowed: the folder of a run, a Result or a World")
    same: dict[str, bool | None] = {"code": True, "tables": True}
    return _Past(run.settings, run.seed, run.tables, run.settings.start, run.date, lambda date: _figures(run, date), [], same)


def _from_folder(folder: Path) -> _Past:
    path = folder / "manifest.json"
    if not path.is_file():
        raise WhyError(f"{folder} holds no manifest.json; give a folder written by `wattrace run`")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        settings = Scenario(**manifest["scenario"])
        seed, start, until = int(manifest["seed"]), str(manifest["start"]), str(manifest["until"])
        identity = manifest["identity"]["scenario"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WhyError(
            f"{path} cannot be used ({type(error).__name__}: {error}); run again with `wattrace run --out {folder}`"
        ) from error
    notes, same = _differences(manifest)
    if settings.digest() != identity:
        notes.append("The scenario in the manifest is not the one its identity tells: the manifest was changed by hand, or by other code.")
    return _Past(settings, seed, None, start, until, lambda date: _read_figures(folder / "run.parquet", date), notes, same)


def _differences(manifest: dict[str, Any]) -> tuple[list[str], dict[str, bool | None]]:
    """Return what made the run and is not the same now, in sentences, and whether code and tables are the same."""
    notes, same = [], {}
    for what, key, now in (("code", "code_sha256", code_hash()), ("tables", "tables_sha256", tables_hash())):
        then = manifest.get(key)
        same[what] = None if then is None else then == now
        if then is None:
            notes.append(f"The manifest does not tell which {what} made the run; the reconstruction may differ.")
        elif then != now:
            notes.append(f"The run was made by other {what} (then {then[:12]}, now {now[:12]}); the reconstruction may differ.")
    other = [
        f"{name} {version} (now {metadata.version(name)})"
        for name, version in manifest.get("packages", {}).items()
        if name in PACKAGES and metadata.version(name) != version
    ]
    if manifest.get("python") not in (None, platform.python_version()):
        other.append(f"Python {manifest['python']} (now {platform.python_version()})")
    if other:
        notes.append(f"The run was made with {', '.join(other)}; last digits may differ.")
    return notes, same


def _read_figures(path: Path, date: str) -> dict[tuple[str, str], float]:
    """Return what a run recorded in a month; nothing where the file is not there or is no table of a run."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(path, columns=["variable", "region", "value"], filters=[("month", "=", date)]).to_pydict()
    except (OSError, pa.ArrowException):
        return {}
    return dict(zip(zip(rows["variable"], rows["region"], strict=True), rows["value"], strict=True))


def _figures(world: Any, date: str) -> dict[tuple[str, str], float]:
    frame = world.frame()
    frame = frame[frame["month"] == date]
    return dict(zip(zip(frame["variable"], frame["region"], strict=True), frame["value"], strict=True))


def _compared(past: _Past, world: Any, date: str) -> dict[str, Any]:
    """Compare every recorded figure of the month with those of the run: the proof that this is the same world."""
    then, now = past.recorded(date), _figures(world, date)
    common = [key for key in then if key in now]
    old = np.array([then[key] for key in common], dtype=np.float32)
    new = np.array([now[key] for key in common], dtype=np.float32)
    differ = np.flatnonzero(~((old == new) | (np.isnan(old) & np.isnan(new))))
    notes = list(past.notes)
    told: dict[str, Any] = {
        "same_code": past.same["code"], "same_tables": past.same["tables"],
        "figures_compared": len(common), "figures_differing": len(differ),
    }  # fmt: skip
    if not common:
        notes.append("The run's figures of this month could not be read, so the reconstruction is not checked against them.")
    elif len(differ):
        # beside the largest figure of the same variable: what is left of nothing would always differ most
        scale: dict[str, float] = {}
        for (name, _), *pair in zip(common, old, new, strict=True):
            scale[name] = max(scale.get(name, 0.0), *(abs(float(x)) for x in pair if np.isfinite(x)), 1e-30)
        gap = np.abs(new[differ] - old[differ]) / np.array([scale[common[i][0]] for i in differ])
        worst = int(np.nan_to_num(gap, nan=np.inf).argmax())
        variable, region = common[differ[worst]]
        notes.append(
            f"{len(differ)} of {len(common)} recorded figures differ from the run's, most of all {variable} of {region}"
            f" ({old[differ[worst]]:g} then, {new[differ[worst]]:g} now): this is another world than the one that was run."
        )
        if past.tables is not None:
            notes.append("Levers set by hand and agents of your own are not in the reconstruction.")
    return {**told, "notes": notes}


def _month_number(past: _Past, month: str) -> int:
    """Return how many months after the start a month is. Raises WhyError."""
    first, end = months_since_zero(past.start), months_since_zero(past.until)
    if end <= first:
        raise WhyError(f"month is {month}, but the run has not made a month yet; step it first")
    try:
        number = Calendar(past.start, past.until).index(month)
    except ValueError as error:
        raise WhyError(str(error)) from error
    if number == end - first:  # the last row of the race has this date, and tells of the month before
        return number - 1
    if not 0 <= number < end - first:
        raise WhyError(f"month is {month}, which is not in the run; allowed: {past.start} to {label(end - 1)}")
    return number


# -- who --------------------------------------------------------------------------------------------------------


def find_agent(world: Any, given: str) -> Agent:
    """Return the party called `given`: its name, "kind:name", a nation (its government) or a zone (its utilities)."""
    parties, places = world.parties, world.places
    text = str(given).strip()
    kind, _, rest = text.partition(":")
    within = kind.strip().casefold() if kind.strip().casefold() in SECTORS else ""
    wanted = (rest if within else text).strip().casefold()
    hits = [
        party for party, name in enumerate(parties.names)
        if name.casefold() == wanted and within in ("", SECTORS[parties.sector[party]])
    ]  # fmt: skip
    nations = (places.nations, places.nation_names)
    # a nation by itself is its government; with a kind before it, its household sector, bank or fund
    by_place = [("government", *nations), ("utility", places.zones, places.zone_names)]
    by_place += [(sector, *nations) for sector in ("households", "bank", "fund") if within == sector]
    for sector, *names in by_place:
        for labels in names if within in ("", sector) else ():
            if not hits:
                hits = [int(parties.of[sector][i]) for i, label in enumerate(labels) if label.casefold() == wanted]
    if len(hits) == 1:
        party = hits[0]
        sector = SECTORS[parties.sector[party]]
        row = int(party - parties.of[sector][0])
        return Agent(parties.names[party], party, sector, row, int(parties.home[party]))
    if hits:
        distinct = distinct_names(parties)
        told = " or ".join(f'"{distinct[p]}"' for p in hits)
        raise WhyError(f"agent is {given!r}, which {len(hits)} agents are called; say {told}")
    raise WhyError(f"agent is {given!r}, which no agent is called; {_hint(world, wanted)}")


def _hint(world: Any, wanted: str) -> str:
    parties, places = world.parties, world.places
    known = {name.casefold(): name for name in [*places.zones, *places.nations, *parties.names]}
    near = [known[name] for name in difflib.get_close_matches(wanted, known, n=4, cutoff=0.6)]
    near += [name for low, name in known.items() if wanted and wanted in low and name not in near][: 6 - len(near)]
    if near:
        return f"did you mean {' or '.join(near)}?"
    kinds = [f"{sector} ({parties.names[rows[0]]}, {len(rows)} in all)" for sector, rows in parties.of.items() if len(rows)]
    return (
        f"allowed: a nation for its government ({', '.join(places.nations)}), a zone for its utilities"
        f" ({', '.join(places.zones)}), or a name of these kinds: {'; '.join(kinds)}"
    )


def _names(event: Any, agent: Agent, world: Any) -> bool:
    """Return whether an event is about the agent; a government is named by its nation too."""
    if event.agent == agent.name or agent.name in event.text:
        return True
    return agent.sector == "government" and event.region == world.places.nations[agent.nation]


# -- its books --------------------------------------------------------------------------------------------------


def payments(world: Any, month: int, party: int) -> dict[str, Any]:
    """Return what a party received and paid in a month by purpose, MUSD, each with its partners; and the sums."""
    flows, names = world.state.ledger.history[month], distinct_names(world.parties)
    told: dict[str, Any] = {"unit": "MUSD"}
    for side, mine, others in (("received", flows.payee, flows.payer), ("paid", flows.payer, flows.payee)):
        rows = np.flatnonzero(mine == party)
        purposes: dict[str, Any] = {}
        for purpose in np.unique(flows.purpose[rows]):
            some = rows[flows.purpose[rows] == purpose]
            by_partner = np.bincount(others[some].astype(np.int64), flows.musd[some], len(names))
            partners = {names[p]: float(by_partner[p]) for p in np.argsort(-by_partner, kind="stable") if by_partner[p] > 0.0}
            purposes[PURPOSES[purpose]] = {"musd": float(flows.musd[some].sum()), "with": partners}
        told[side] = dict(sorted(purposes.items(), key=lambda item: -item[1]["musd"]))
        told[f"{side}_musd"] = float(flows.musd[rows].sum())
    told["net_musd"] = told["received_musd"] - told["paid_musd"]
    return told


def sheet(world: Any, month: int, party: int) -> dict[str, Any]:
    """Return a party's balance sheet at the begin and the end of a month, MUSD; items that are 0 are left out."""
    books = world.state.books[month]
    told: dict[str, Any] = {"unit": "MUSD"}
    for when, table in (("opening", books.opening), ("closing", books.closing)):
        told[when] = {item: float(value) for item, value in zip(ITEMS, table[party], strict=True) if value != 0.0}
        told[when]["net worth"] = float(table[party].sum())
    return told
