"""`wattrace compare`: what differs between the scenarios of a study, as table, figures and report."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import Any

import click

from .shared import CONTEXT, check_folder, print_columns, print_json, told

_FIGURES = ("race", "lead", "effects", "effect-over-time", "crossing", "binding", "attribution", "variance")


@click.command("compare", context_settings=CONTEXT)
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--baseline", help="The scenario that the others are compared with.  [default: the study's first]")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for report, tables and figures.  [default: STUDY/compare]")
@click.option("--only", type=click.Choice(_FIGURES), help="Make this figure only, and no report.")
@click.option("--export", "exports", multiple=True, type=click.Choice(["long", "iamc", "xlsx"]), help="Also write this format.")
@click.option("--json", "as_json", is_flag=True, help="Print the main effects as JSON.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors (and JSON, if asked for).")
def compare_command(
    study: Path, baseline: str | None, out: Path | None, only: str | None, exports: tuple[str, ...], as_json: bool, quiet: bool
) -> None:
    """Compare the scenarios of STUDY in pairs of one world: effects, their certainty, crossing dates, what binds, and why.

    Writes report.html, which needs nothing else, and beside it tables (CSV) and figures (SVG, PNG).
    """
    from ..scenarios.compare import compare, rows_of
    from ..scenarios.study import StudyError

    try:
        with told():
            found = compare(study, baseline)
    except StudyError as error:
        raise click.UsageError(str(error)) from error
    target = out or study / "compare"
    if (target / "study.json").exists():
        raise click.UsageError(f"--out {target} is the folder of a study; give another one")
    check_folder(target)
    from ..viz.export import export, write_tables
    from ..viz.figures import draw_all, write
    from ..viz.report import report_html, verdict

    figures = draw_all(found, only)
    for one in figures:
        write(one, target / "figures")
    if only is None:
        command = "wattrace " + shlex.join(["compare", str(study), "--baseline", found.baseline])
        (target / "report.html").write_text(report_html(found, figures, command), encoding="utf-8")
        write_tables(found, target)
    for kind in exports:
        export(found, kind, target)
    if as_json:
        print_json(_rows(found))
    elif not quiet:
        for text in verdict(found):
            click.echo(text)
        rows = found.table()
        if len(rows):
            interval = lambda r: f"{r.low:+.3g} to {r.high:+.3g}"  # noqa: E731
            cells = [
                (r.scenario, r.variable, r.region, f"{r.baseline:.4g}", f"{r.effect:+.3g}", interval(r), f"{r.share_up:.0%}")
                for r in rows_of(rows)
            ]
            click.echo()
            print_columns([("scenario", "variable", "region", "baseline", "effect", "95 % interval", "up in"), *cells])
    if not quiet:
        click.echo(f"Written to {target}", err=True)
        if only is None:
            click.echo(f"Open in a browser: {(target / 'report.html').resolve().as_uri()}", err=True)


def _rows(found: Any) -> list[dict[str, Any]]:
    """Return the main effects as plain rows; unknown numbers are None."""
    rows = found.table()
    plain = rows.astype({"variable": str, "region": str}).to_dict("records") if len(rows) else []
    known = lambda value: None if isinstance(value, float) and not math.isfinite(value) else value  # noqa: E731
    return [{key: known(value) for key, value in row.items()} for row in plain]
