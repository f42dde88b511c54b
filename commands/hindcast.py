"""`wattrace hindcast`: runs of the past against what happened."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from .batch import progress_text
from .shared import CONTEXT, INTERNAL, INTERRUPTED, REFUSED, Failure, Whole, check_folder, print_columns, print_json, told


@click.group("hindcast", context_settings=CONTEXT)
def hindcast_group() -> None:
    """Run the past with what was known then, and score it against what happened."""


@hindcast_group.command("power")
@click.option("--draws", default=100, show_default=True, type=Whole(4, 10_000), help="Worlds from each origin.")
@click.option("--origins", default="2016-2022", show_default=True, metavar="YEAR[-YEAR]", help="Januaries from which runs begin.")
@click.option("--regime", default="fiat", show_default=True, help="Regime of money; history's was fiat.")
@click.option("--vary", default="power", show_default=True, metavar="world|default|power|FILE", help="What is unsure.")
@click.option("--workers", type=Whole(1, 4096), help="Processes.  [default: one per core]")
@click.option("--out", default="hindcast", show_default=True, type=click.Path(path_type=Path), help="Folder for runs, tables and picture.")
@click.option("--json", "as_json", is_flag=True, help="Print scores and claims as JSON.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors (and JSON, if asked for).")
def power_command(
    draws: int, origins: str, regime: str, vary: str, workers: int | None, out: Path, as_json: bool, quiet: bool
) -> None:
    """Score generation, capacity and demand against figures observed since 2016 and against naive forecasts.

    What was begun in the folder with the same inputs is gone on with.
    """
    years = _years(origins)
    check_folder(out)
    from ..scenarios.batch import BatchStopped, Interrupted, Refused
    from ..scenarios.hindcast import hindcast
    from ..scenarios.read import load_scenario
    from ..scenarios.study import StudyError
    from ..viz.hindcast import LOST_FIRST, tables, write

    command = "wattrace " + shlex.join(sys.argv[1:])
    tell = None if quiet or as_json else _tell
    try:
        with told():
            past = load_scenario("baseline").with_choices(regime=regime)
            found = hindcast(out, scenario=past, draws=draws, origins=years, vary=vary, workers=workers, told=tell, command=command)
    except Refused as error:
        raise Failure(f"{error}\nGive another folder by --out, or remove {out}.", REFUSED) from error
    except Interrupted:
        raise Failure(f"interrupted; what is finished is kept: the same command with --out {out} goes on", INTERRUPTED) from None
    except (BatchStopped, OSError) as error:
        raise Failure(str(error), INTERNAL) from error
    except (StudyError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    write(found, out, command)
    if as_json:
        print_json({name: json.loads(frame.to_json(orient="records")) for name, frame in tables(found).items()})
    elif not quiet:
        _print(tables(found), LOST_FIRST)
    if not quiet:
        click.echo(f"Written to {out}", err=True)


def _years(text: str) -> list[int]:
    first, _, last = text.partition("-")
    try:
        return list(range(int(first), int(last or first) + 1))
    except ValueError:
        raise click.UsageError(f"--origins is {text!r}; allowed: a year, or two joined by a dash, e.g. 2016-2022") from None


def _tell(origin: int, now: Any) -> None:
    if now.state != "running" or now.done + now.failed == now.total:
        click.echo(f"{origin}-01: {progress_text(now)}", err=True)


def _print(found: dict[str, Any], lost_first: str) -> None:
    click.echo(lost_first)
    scores = found["scores"]
    print_columns([tuple(scores.columns), *(tuple(_cell(value) for value in row) for row in scores.itertuples(index=False))])
    click.echo()
    claims = found["claims"]
    print_columns([tuple(claims.columns), *(tuple(_cell(value) for value in row) for row in claims.itertuples(index=False))])


def _cell(value: Any) -> str:
    if value is None:
        return "not run"
    if str(value) in ("True", "False"):
        return "holds" if value else "fails"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
