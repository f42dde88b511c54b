"""The command line: data on stdout, progress on stderr.

Heavy imports stand inside the commands, so that help is quick.
"""

from __future__ import annotations

import json as _json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from . import __version__
from .commands.shared import INTERNAL, INTERRUPTED, Month, Whole
from .commands.shared import Failure as _Failure
from .commands.shared import check_folder as _check_folder
from .commands.shared import told as _told

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
# command -> module of `commands` and name in it: loaded when first asked for
LAZY = {
    "batch": ("batch", "batch_command"),
    "compare": ("compare", "compare_command"),
    "hindcast": ("hindcast", "hindcast_group"),
    "scenarios": ("scenarios", "scenarios_group"),
    "status": ("batch", "status_command"),
    "verify": ("batch", "verify_command"),
}


class _Lazy(click.Group):
    """A group whose commands of LAZY are imported when they are wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *LAZY})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in LAZY:
            return super().get_command(ctx, cmd_name)
        from importlib import import_module

        module, name = LAZY[cmd_name]
        return getattr(import_module(f".commands.{module}", __package__), name)


@click.group(cls=_Lazy, context_settings=CONTEXT)
@click.version_option(__version__, "--version", prog_name="wattrace")
def cli() -> None:
    """Simulate a world economy whose money is firm electric power, and the race to power AI.

    Exit codes: 0 ok, 1 internal or the world failed, 2 usage, 3 scenario invalid, 4 some runs failed, 5 resume refused,
    6 verification mismatch, 130 interrupted.
    """


@cli.command("run")
@click.argument("scenario", default="baseline", metavar="[SCENARIO]")
@click.option(
    "--seed", default=1, show_default=True, type=Whole(0, 2**63 - 1), help="Seed of the draws."
)
@click.option("--start", type=Month(), help="First month; replaces the scenario's.")
@click.option("--until", type=Month(), help="Month to stop before; replaces the scenario's.")
@click.option("--regime", help="Regime of money, firm-watt or fiat; replaces the scenario's.")
@click.option(
    "--out",
    default="out",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder for tables, pictures and manifest.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the race as JSON.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors (and JSON, if asked for).")
def run_command(
    scenario: str,
    seed: int,
    start: str | None,
    until: str | None,
    regime: str | None,
    out: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run one world and print the race, a row every two years.

    SCENARIO is a built-in name or a TOML file; without it the baseline runs.
    """
    with _told():
        from .scenarios.read import load_scenario

        settings = load_scenario(scenario)
        try:
            settings = settings.with_choices(start=start, until=until, regime=regime)
        except ValueError as error:
            if start is None and until is None and regime is None:
                raise
            raise click.UsageError("; ".join(getattr(error, "faults", [str(error)]))) from error
    _check_folder(out)
    _tell_before(settings, seed, out, quiet)
    from .model import WorldFailed
    from .scenarios.run import run
    from .viz.picture import draw_race
    from .viz.table import race_text
    from .world.tables import TableError

    try:
        with _told(), _bar(quiet) as progress:
            result = run(settings, seed=seed, out=out, progress=progress, draw=draw_race)
    except WorldFailed as error:
        raise _Failure(str(error), INTERNAL) from error
    except (TableError, OSError) as error:
        raise _Failure(str(error), INTERNAL) from error
    if as_json:
        click.echo(_json.dumps(result.race_rows(), indent=2, ensure_ascii=False, allow_nan=False))
    elif not quiet:
        click.echo(race_text(result.race_rows()))
    if not quiet:
        click.echo(f"Written to {out}", err=True)


def _tell_before(settings: Any, seed: int, out: Path, quiet: bool) -> None:
    """Say on stderr what may surprise: a run of something else in the folder, a start in the past, numbers that nothing reads."""
    from .scenarios.run import other_run
    from .scenarios.tools import notes

    other = other_run(out, settings, seed)
    if other and not quiet:
        click.echo(f"Note: {out} held {other}; it is replaced. --out gives another folder", err=True)
    for note in () if quiet else notes(settings):
        click.echo(f"Note: {note}", err=True)


@contextmanager
def _bar(quiet: bool) -> Iterator[Any]:
    """Give a progress callback that draws a bar on stderr, or None where stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[counted]}"),
    )
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("opening; the first run on a machine compiles, for minutes", total=None, counted="")
        yield lambda done, months, date: bar.update(
            task, completed=done, total=months, description=date, counted=f"{done}/{months} months"
        )


@cli.group("bench", invoke_without_command=True, context_settings=CONTEXT)
@click.option("--repeats", default=3, show_default=True, type=Whole(1, 100), help="Runs measured, after one that warms up.")
@click.option("--until", type=Month(), help="Month to stop before; the scenario's end where not given.")
@click.option("--zones", default=10, show_default=True, type=Whole(1, 200), help="Zones of the made-up system for the dispatch.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def bench_command(ctx: click.Context, repeats: int, until: str | None, zones: int, as_json: bool) -> None:
    """Measure this machine: the default run, each phase of a month, a branch, the dispatch, memory and help."""
    if ctx.invoked_subcommand is not None:
        return
    from .model import WorldFailed
    from .scenarios.bench import dispatch_seconds
    from .scenarios.timing import help_seconds, run_figures

    try:
        with _told():
            measured: dict[str, Any] = run_figures(repeats, until)
    except WorldFailed as error:
        raise _Failure(str(error), INTERNAL) from error
    except ValueError as error:
        raise click.UsageError("; ".join(getattr(error, "faults", [str(error)]))) from error
    measured["help_s"] = help_seconds()
    with _stdout_kept():
        dispatch = dispatch_seconds(zones, 12)
    measured["dispatch"] = {name: None if value != value else float(value) for name, value in dispatch.items()}
    if as_json:
        click.echo(_json.dumps(measured, indent=2, allow_nan=False))
        return
    for name, value in measured.items():
        for part, figure in value.items() if isinstance(value, dict) else ((None, value),):
            label = name if part is None else f"{name}.{part}"
            click.echo(f"{label.ljust(40)} {'-' if figure is None else format(figure, '.3g')}")


@bench_command.command("batch")
@click.option("--runs", default=40, show_default=True, type=Whole(2), help="Worlds done in each way.")
@click.option("--workers", default=2, show_default=True, type=Whole(1), help="Processes.")
@click.option("--until", default="2046-01", show_default=True, type=Month(), help="Month to stop before.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def bench_batch_command(runs: int, workers: int, until: str, as_json: bool) -> None:
    """Measure batches: ours, Mesa's batch_run and the EMA Workbench's pool on the same worlds."""
    from .scenarios.bench_batch import figures

    with _told(), _stdout_kept():
        measured = figures(runs, workers, until)
    if as_json:
        click.echo(_json.dumps(measured, indent=2))
        return
    for name, figure in measured.items():
        text = "not installed" if figure is None else figure if isinstance(figure, bool | str) else format(figure, ".4g")
        click.echo(f"{name.ljust(24)} {text}")


@contextmanager
def _stdout_kept() -> Iterator[None]:
    """Send what C code prints (the greeting of HiGHS) to stderr."""
    import os

    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


@cli.command("why")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("agent")
@click.argument("month", type=Month())
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every number.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def why_command(run: Path, agent: str, month: str, as_json: bool, quiet: bool) -> None:
    """Tell what AGENT decided in MONTH of a run written to the folder RUN, and why.

    The run is done again up to that month. AGENT is a company or a bank by its name, a nation for its government, or a
    zone for its utilities; "kind:name" where two are called alike.
    """
    from .model import WorldFailed
    from .scenarios.why import WhyError, why
    from .world.tables import TableError

    try:
        with _told(), _bar(quiet) as progress:
            answer = why(run, agent, month, progress)
    except WhyError as error:
        raise click.UsageError(str(error)) from error
    except (WorldFailed, TableError, OSError) as error:
        raise _Failure(str(error), INTERNAL) from error
    if as_json:
        click.echo(_json.dumps(answer.content, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        click.echo(str(answer))


@cli.command("live")
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO]...")
@click.option("--port", type=Whole(1, 65535), help="Port to serve on; a free one where not given.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on; others than this machine's need --i-know.")
@click.option("--i-know", is_flag=True, help="Serve to other machines: whoever has the printed address can use this one.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--until", type=Month(), help="Month to stop before; replaces the scenarios'.")
@click.option("--most-sessions", default=16, show_default=True, type=Whole(1, 200), help="Browser tabs served at a time.")
def live_command(
    scenarios: tuple[str, ...], port: int | None, host: str, i_know: bool, no_browser: bool, until: str | None, most_sessions: int
) -> None:
    """Open a page where the world runs while you watch, and where you pull levers.

    SCENARIO is a built-in name or a TOML file; the first is shown first. Without any, all built-in scenarios are on offer.
    """
    try:
        from .viz.live import server
        from .viz.live.settings import Serving
        if find_spec("solara") is None:
            raise ModuleNotFoundError("solara")
    except ModuleNotFoundError as error:
        missing = error.name or error
        raise click.UsageError(f"the live page needs the extra `viz` ({missing} is missing): pip install 'wattrace[viz]'") from error
    if not server.is_loopback(host) and not i_know:
        raise click.UsageError(f"--host {host} opens this page to other machines; add --i-know if that is wanted")
    with _told():
        from .scenarios.read import list_scenarios, load_scenario

        known = {load_scenario(given).name: given for given in scenarios} or {name: name for name in list_scenarios()}
        for given in known.values():
            try:
                load_scenario(given).between(None, until)
            except ValueError as error:
                if until is None:
                    raise
                raise click.UsageError("; ".join(getattr(error, "faults", [str(error)]))) from error
    click.echo("Opening the first world. The first start on a machine compiles once, which takes about a minute or two …", err=True)
    try:
        server.serve(Serving(known, most_sessions, until), host, port, not no_browser, lambda address: click.echo(address))
    except OSError as error:
        raise click.UsageError(f"cannot serve on {host}, port {port or 'any'}: {error.strerror or error}") from error


def main() -> None:
    """Run the command line; anything unforeseen ends in one line and exit code 1."""
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.Abort:
        click.echo("Interrupted.", err=True)
        code = INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        code = INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    except Exception as error:
        click.echo(f"Error: {type(error).__name__}: {error}", err=True)
        code = INTERNAL
    sys.exit(code if isinstance(code, int) else 0)
