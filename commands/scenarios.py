"""`wattrace scenarios …`: list, show, check, explain, compare and begin scenario files."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from .shared import CONTEXT, INVALID, Failure, print_columns, print_json, told


@click.group("scenarios", context_settings=CONTEXT)
def scenarios_group() -> None:
    """List, show, check, explain, compare and begin scenarios."""


@scenarios_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def scenarios_list(as_json: bool) -> None:
    """List the built-in scenarios."""
    with told():
        from ..scenarios.read import list_scenarios

        known = list_scenarios()
    if as_json:
        print_json(known)
    else:
        print_columns(list(known.items()))


@scenarios_group.command("show")
@click.argument("scenario")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def scenarios_show(scenario: str, as_json: bool) -> None:
    """Show a scenario as resolved, with its identity."""
    with told():
        from ..scenarios.read import load_scenario
        from ..scenarios.tools import flat

        found = load_scenario(scenario)
        values = flat(found)
    if as_json:
        print_json(found.model_dump(mode="json") | {"identity": found.identity()})
        return
    click.echo(f"{found.name}: {found.title}")
    for key, value in values.items():
        click.echo(f"{key} = {value}")
    click.echo("identity " + " ".join(f"{part} {digest}" for part, digest in found.identity().items()))


@scenarios_group.command("new")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--extends", "parent", default="baseline", show_default=True, help="The scenario it builds on.")
def scenarios_new(file: Path, parent: str) -> None:
    """Begin a scenario file; an existing one is left alone."""
    path = file if file.suffix == ".toml" else file.with_name(f"{file.name}.toml")
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")
    if not name:
        raise click.UsageError(f"{path.name}: gives no name; allowed: letters and digits, e.g. mine.toml")
    with told():
        from ..scenarios.read import load_scenario
        from ..scenarios.tools import new_text

        if not (path.parent / (parent if parent.endswith(".toml") else f"{parent}.toml")).is_file():
            load_scenario(parent)
        text = new_text(name[:60], parent)
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise click.UsageError(f"{path}: exists already; give another name") from None
    except OSError as error:
        raise click.UsageError(f"{path}: cannot be written ({os.strerror(error.errno or 0)})") from error
    click.echo(str(path))
    click.echo(f"Next: edit it, then wattrace scenarios check {path}, then wattrace run {path} --out out-{path.stem}", err=True)


@scenarios_group.command("check")
@click.argument("scenarios", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def scenarios_check(scenarios: tuple[str, ...], as_json: bool) -> None:
    """Check scenario files; every fault is told with its line."""
    with told():
        from ..scenarios.parts import ScenarioError
        from ..scenarios.read import load_scenario
        from ..scenarios.tools import notes

        found, bad = {}, []
        for name in scenarios:
            try:
                found[name] = {"faults": [], "notes": notes(load_scenario(name))}
            except ScenarioError as error:
                found[name] = {"faults": error.faults, "notes": []}
                bad.append(str(error))
    if as_json:
        print_json(found)
    else:
        for name, one in found.items():
            if not one["faults"]:
                click.echo(f"{name}: ok")
            for note in one["notes"]:
                click.echo(f"{name}: note: {note}", err=True)
    if bad:
        raise Failure("\n".join(bad), INVALID)


@scenarios_group.command("explain")
@click.argument("scenario")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def scenarios_explain(scenario: str, as_json: bool) -> None:
    """Print each value of a scenario, the file and line it comes from, and its source."""
    with told():
        from ..scenarios.tools import explain

        lines = explain(scenario)
    if as_json:
        print_json([line._asdict() for line in lines])
    else:
        print_columns([("value", "is", "stands in", "source"), *(tuple(line) for line in lines)])


@scenarios_group.command("diff")
@click.argument("first")
@click.argument("second")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def scenarios_diff(first: str, second: str, as_json: bool) -> None:
    """Print only what differs between two scenarios."""
    with told():
        from ..scenarios.read import load_scenario
        from ..scenarios.tools import diff

        rows = diff(load_scenario(first), load_scenario(second))
    if as_json:
        print_json([{"key": key, "first": a, "second": b} for key, a, b in rows])
    elif rows:
        print_columns([("value", first, second), *rows])


@scenarios_group.command("names")
@click.argument("word", default="")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def scenarios_names(word: str, as_json: bool) -> None:
    """List what a scenario may set: every lever and parameter with its value, range and meaning or unit.

    WORD keeps those that hold it. Every other number of the tables can be set as "TABLE/KEY/…/KEY".
    """
    with told():
        from ..scenarios.tools import names

        rows = names(word)
    if as_json:
        print_json([dict(zip(("name", "value", "range", "is"), row, strict=True)) for row in rows])
    elif rows:
        print_columns([("name", "value", "range", "is"), *rows])
    else:
        raise click.UsageError(f"no lever or parameter holds {word!r}; wattrace scenarios names lists all")


@scenarios_group.command("schema")
def scenarios_schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    with told():
        from ..scenarios.tools import schema

        print_json(schema())
