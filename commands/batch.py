"""`wattrace batch`, `wattrace status`, `wattrace verify`."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from .shared import CONTEXT, INTERNAL, INTERRUPTED, MISMATCH, REFUSED, SOME_FAILED, Failure, Month, Whole, print_json, told

_LINE_SECONDS = 15.0  # between two lines of progress where stderr is no terminal


@click.command("batch", context_settings=CONTEXT)
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO]...")
@click.option("--reps", default=1, show_default=True, type=Whole(1), help="Replicates of each world: other luck, same inputs.")
@click.option("--vary", metavar="world|default|power|FILE", help="What is unsure: scenarios' own distributions, a built-in list, a file's.")
@click.option("--design", default="lhs", show_default=True, type=click.Choice(["lhs", "sobol", "grid"]), help="How worlds are drawn.")
@click.option("--draws", type=Whole(1), help="Worlds drawn (levels of each axis for a grid).  [default: 64; 3]")
@click.option("--parts", is_flag=True, help="Add every combination of a scenario's policies, for attribution.")
@click.option("--per-part", type=Whole(1, 1000), help="Runs per Parquet file.  [default: by size of the study, up to 100]")
@click.option("--scope", default="nations", show_default=True, type=click.Choice(["nations", "zones"]), help="Also keep zones.")
@click.option("--seed", default=1, show_default=True, type=Whole(0, 2**62), help="Seed of the first world.")
@click.option("--start", type=Month(), help="First month; replaces the scenarios'.")
@click.option("--until", type=Month(), help="Month to stop before; replaces the scenarios'.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder of the new study.")
@click.option("--resume", type=click.Path(path_type=Path), help="Go on with a study.")
@click.option("--retry", is_flag=True, help="With --resume: do failed runs again.")
@click.option("--workers", type=Whole(1, 4096), help="Processes.  [default: one per core]")
@click.option("--engine", default="local", show_default=True, type=click.Choice(["local", "dask"]), help="Where runs are done.")
@click.option("--cluster", metavar="ADDRESS", help="With --engine dask: the scheduler.  [default: a cluster on this machine]")
@click.option("--until-ci", metavar="5%:VARIABLE", help="Go on with replicates until the mean at the end is that sure in every scenario.")
@click.option("--most-reps", type=Whole(1), help="With --until-ci: replicates at most.  [default: ten times --reps]")
@click.option("--time-limit", default=0.0, type=click.FloatRange(0.0), help="Seconds a run may take.  [default: no limit]")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def batch_command(
    scenarios: tuple[str, ...],
    out: Path | None,
    resume: Path | None,
    parts: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Run SCENARIOs over worlds and replicates on all cores, into a study that can be resumed and compared.

    Nothing finished is lost when a worker, this process or the machine is stopped: `wattrace batch --resume STUDY` goes on.
    """
    if out is None and resume is None:
        raise click.UsageError("give the folder of the new study by -o STUDY, or one to go on with by --resume STUDY")
    if out is not None and resume is not None:
        raise click.UsageError("-o begins a study, --resume goes on with one; give one of them")
    if options["retry"] and resume is None:
        raise click.UsageError(
            "--retry is given without --resume; a new study has no failed runs: leave it out, or name a study by --resume STUDY"
        )
    from ..scenarios.batch import BatchStopped, Interrupted, Refused, batch
    from ..scenarios.batch import status as status_of
    from ..scenarios.engine import cores
    from ..scenarios.study import StudyError

    folder = resume or out
    command = "wattrace " + shlex.join(sys.argv[1:])
    try:
        with told(), progress_on_stderr(quiet) as show:
            chosen = _with_parts(scenarios) if parts else list(scenarios)
            given: Any = chosen or (None if resume is not None else ["baseline"])
            begun = None if quiet else lambda study: _tell_begun(study, options["workers"] or cores())
            study = batch(given, out=out, resume=resume, told=show, begun=begun, command=command, **options)
    except Refused as error:
        raise Failure(str(error), REFUSED) from error
    except Interrupted:
        raise Failure(f"interrupted; what is finished is kept. Go on: wattrace batch --resume {folder}", INTERRUPTED) from None
    except (BatchStopped, OSError) as error:
        raise Failure(str(error), INTERNAL) from error
    except StudyError as error:
        raise click.UsageError(str(error)) from error
    except ValueError as error:
        if hasattr(error, "faults"):
            raise
        raise click.UsageError(str(error)) from error
    found = status_of(study.folder)
    if as_json:
        print_json(found)
    elif not quiet:
        click.echo(f"{found['done']} run{'s' * (found['done'] != 1)} in {study.folder}", err=True)
        if len(study.scenario_names) > 1:
            click.echo(f"Next: wattrace compare {study.folder} --baseline {study.scenario_names[0]}", err=True)
    if found["failed"]:
        raise Failure(f"{found['failed']} runs failed; {study.folder / 'failures.csv'} says why", SOME_FAILED)


def _tell_begun(study: Any, workers: int) -> None:
    """Say on stderr what is about to be run."""
    from ..scenarios.tools import start_note

    plan, names = study.plan, study.scenario_names
    count = lambda number, what: f"{number:,} {what}{'s' * (number != 1)}"  # noqa: E731
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    luck = count(study.reps, "replicate")
    worlds = f"{count(study.draws, 'draw')} of {len(plan['names'])} unsure numbers × {luck}" if plan["names"] else luck
    runs = len(names) * study.draws * study.reps
    most = f", up to {study.rounds} times" if study.rounds > 1 else ""
    click.echo(
        f"{count(runs, 'run')} = {count(len(names), 'scenario')} ({shown}) × {worlds}{most}, {plan['start']} to {plan['until']}, "
        f"on {count(workers, 'worker')}, into {study.folder}", err=True,
    )  # fmt: skip
    if runs == 1:
        click.echo("One world alone: --reps gives replicates of other luck, more scenarios something to compare", err=True)
    for note in start_note(next(iter(study.scenarios.values()))):
        click.echo(f"Note: {note}", err=True)


def _with_parts(scenarios: tuple[str, ...]) -> list[Any]:
    from ..scenarios.attribution import policies, with_parts
    from ..scenarios.read import load_scenario

    given = [load_scenario(name) for name in scenarios or ("baseline",)]
    found = with_parts(given)
    if len(found) == len(given):
        had = ", ".join(f"{one.name} has {len(policies(one))}" for one in given)
        raise click.UsageError(f"--parts is given, but {had}; allowed: a scenario of two or more policies: leave --parts out, or add one")
    return found


@contextmanager
def progress_on_stderr(quiet: bool) -> Iterator[Callable[[Any], None] | None]:
    """Give a callback that shows progress on stderr: a bar on a terminal, a line now and then elsewhere."""
    if quiet:
        yield None
        return
    if not sys.stderr.isatty():
        last, doing = time.monotonic(), ""

        def line(now: Any) -> None:
            nonlocal last, doing
            if now.state == "running" and time.monotonic() - last < _LINE_SECONDS and now.doing in ("", doing):
                return
            last, doing = time.monotonic(), now.doing
            click.echo(progress_text(now), err=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    with Progress(BarColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda now: bar.update(task, completed=now.done + now.failed, total=now.total, description=progress_text(now))


def progress_text(now: Any) -> str:
    """Return how far a batch is, in a line."""
    text = f"{now.state}: {now.done}/{now.total} runs, {now.failed} failed"
    if now.doing:
        return f"{text}, {now.doing}"
    text += f", {now.rate:.2f} runs/s" if now.rate > 0 else ""
    if now.eta == now.eta:
        minutes, seconds = divmod(round(now.eta), 60)
        text += f", {minutes // 60}:{minutes % 60:02d}:{seconds:02d} left"
    return text


@click.command("status", context_settings=CONTEXT)
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status_command(study: Path, as_json: bool) -> None:
    """Say how far a study is; also after its process was killed."""
    from ..scenarios.batch import status
    from ..scenarios.study import StudyError

    try:
        found = status(study)
    except StudyError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        print_json(found)
        return
    for key in ("state", "done", "failed", "total", "rate", "eta"):
        click.echo(f"{key.ljust(8)} {'-' if found[key] is None else found[key]}")
    if found["state"] not in ("running", "done"):
        click.echo(f"Go on: wattrace batch --resume {shlex.quote(str(study))}", err=True)


@click.command("verify", context_settings=CONTEXT)
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--sample", default=10, show_default=True, type=Whole(0), help="Runs done again.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify_command(study: Path, sample: int, as_json: bool) -> None:
    """Check a study's parts against their sums, do a sample of runs again, and name the first number that differs."""
    from ..scenarios.study import StudyError
    from ..scenarios.verify import verify

    try:
        with told():
            found = verify(study, sample)
    except StudyError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        print_json(found._asdict() | {"good": found.good})
    else:
        kind = "byte by byte" if found.exact else f"to 1e-9, since these differ: {'; '.join(found.notes)}"
        click.echo(f"{found.parts} parts as written; {found.runs} runs done again, compared {kind}")
        for text in found.broken:
            click.echo(f"broken: {text}")
        for one in found.differing:
            place = f"{one['variable']} of {one['region']} in {one['month']}"
            click.echo(f"run {one['number']} ({one['scenario']}, seed {one['seed']}): {place} was {one['kept']}, is {one['again']}")
    if not found.good:
        raise Failure(f"{len(found.broken)} parts and {len(found.differing)} runs are not as written", MISMATCH)
