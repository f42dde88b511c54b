"""On which line of a TOML file a key stands, for messages (tomllib does not say)."""

from __future__ import annotations

import re
from functools import lru_cache

_HEADER = re.compile(r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?")
_ASSIGN = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")
_LONGEST_HEADER = 4000  # a longer line is no header that anybody wrote, and matching it could take for ever
_MARK = re.compile("\"\"\"|'''|[\"'#\\[\\]{}]")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")


@lru_cache(maxsize=32)
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
            header, assign = _HEADER.fullmatch(line) if len(line) < _LONGEST_HEADER else None, _ASSIGN.match(line)
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
        begun: list[int] = []
        at = 0
        while at < len(text):
            if self.quote:
                at = self._in_text(text, at)
                continue
            found = _MARK.search(text, at)
            if found is None or found[0] == "#":
                break
            mark, at = found[0], found.end()
            if mark[0] in "\"'":
                self.quote = mark
                continue
            if mark == "{" and self.depth == 1:
                begun.append(self.items)
                self.items += 1
            self.depth += (mark in "[{") - (mark in "]}")
        if self.quote and len(self.quote) == 1:
            self.quote = ""  # a plain string ends with its line; tomllib reports the fault
        self.depth = max(self.depth, 0)
        return begun

    def _in_text(self, text: str, at: int) -> int:
        """Return where a text that began earlier ends in this line, or the end of the line."""
        while True:
            end = text.find(self.quote, at)
            slash = text.find("\\", at) if self.quote[0] == '"' else -1
            if 0 <= slash < (end if end >= 0 else len(text)):
                at = slash + 2
                continue
            if end < 0:
                return len(text)
            at = end + len(self.quote)
            self.quote = ""
            return at
