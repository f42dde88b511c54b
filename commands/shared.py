"""What commands share: exit codes, months, errors told in one line."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

INTERNAL, USAGE, INVALID, SOME_FAILED, REFUSED, MISMATCH, INTERRUPTED = 1, 2, 3, 4, 5, 6, 130
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


class Month(click.ParamType):
    """A month as YYYY-MM."""

    name = "YYYY-MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", str(value), re.ASCII):
            self.fail(
                f"{value!r} is not a month; allowed: YYYY-MM with a month from 01 to 12, e.g. 2026-01",
                param,
                ctx,
            )
        return str(value)


class Whole(click.IntRange):
    """A whole number in a range; what is given wrong is answered with what is allowed."""

    name = "whole number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        low, high = self.min or 0, self.max
        try:
            number = int(value)
        except (TypeError, ValueError):
            number = low - 1
        if number < low or (high is not None and number > high):
            span = f"from {low}" if high is None else f"from {low} to {high}"
            self.fail(f"{value!r} is not a whole number {span}", param, ctx)
        return number


class Failure(click.ClickException):
    """An end with a message and one of the exit codes."""

    def __init__(self, message: str, code: int):
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc]

    def show(self, file: Any = None) -> None:
        click.echo(f"Error: {self.message}", file=file or sys.stderr)


@contextmanager
def told() -> Iterator[None]:
    """Turn what the model raises on purpose into a message and an exit code."""
    from ..scenarios.parts import ScenarioError
    from ..world.tables import TableError

    try:
        yield
    except ScenarioError as error:
        raise Failure(str(error), INVALID) from error
    except TableError as error:
        raise Failure(str(error), INTERNAL) from error


def check_folder(out: Path, option: str = "--out") -> None:
    """Refuse a folder that cannot be written before the run, not after it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".wattrace-probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise click.UsageError(f"{option} {out}: cannot be written ({error.strerror})") from error


def print_json(content: Any) -> None:
    """Print data as JSON."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))


def print_columns(rows: list[tuple[str, ...]], gap: str = "  ") -> None:
    """Print rows of texts with columns aligned."""
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))] if rows else []
    for row in rows:
        click.echo(gap.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
