"""On which line of a TOML file a key stands, for messages (tomllib does not say)."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?")
_ASSIGN = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")


def find_lines(text: str) -> dict[tuple[str | int, ...], int]:
    """Return {path of keys: line from 1} of every table header, key, and table in a list."""
    found: dict[tuple[str | int, ...], int] = {}
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    value: tuple[str | int, ...] = ()
    scanner = _Scanner()
    for number, line in enumerate(text.splitlines(), start=1):
        begin = 0
        if scanner.outside:
            header, assign = _HEADER.fullmatch(line), _ASSIGN.match(line)
            if assign:
                value = table + _parts(assign[1])
                begin = assign.end()
                scanner.items = 0
                found.setdefault(value, number)
            elif header:
                table = _parts(header[2])
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    found.setdefault(table, number)
                    table = (*table, counts[table])
                found.setdefault(table, number)
                continue
            else:
                begin = len(line)
        for item in scanner.read(line[begin:]):
            found.setdefault((*value, item), number)
    return found


def line_of(path: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]) -> int:
    """Return the line of a path, or of the nearest table above it, or 1."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(a or b or c for a, b, c in _PART.findall(dotted))


class _Scanner:
    """Follows brackets and strings across lines."""

    def __init__(self) -> None:
        self.depth = 0
        self.quote = ""
        self.items = 0

    @property
    def outside(self) -> bool:
        """Whether no value is open, so that a line may begin a key or a table."""
        return self.depth == 0 and not self.quote

    def read(self, text: str) -> list[int]:
        """Read a piece of a value; return the numbers of the tables in a list that begin in it."""
        begun = []
        at = 0
        while at < len(text):
            rest = text[at:]
            if self.quote:
                if rest.startswith("\\") and self.quote[0] == '"':
                    at += 2
                elif rest.startswith(self.quote):
                    at += len(self.quote)
                    self.quote = ""
                else:
                    at += 1
                continue
            if rest[0] == "#":
                break
            if rest[0] in "\"'":
                self.quote = rest[0] * 3 if rest.startswith(rest[0] * 3) else rest[0]
                at += len(self.quote)
                continue
            if rest[0] == "{" and self.depth == 1:
                begun.append(self.items)
                self.items += 1
            self.depth += (rest[0] in "[{") - (rest[0] in "]}")
            at += 1
        if self.quote and len(self.quote) == 1:
            self.quote = ""  # a plain string ends with its line; tomllib reports the fault
        self.depth = max(self.depth, 0)
        return begun
