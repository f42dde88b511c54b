"""Months since the start, and what they are called."""

from __future__ import annotations

import calendar as _calendar
import re

_PATTERN = re.compile(r"(\d{4})-(\d{2})")


def months_since_zero(text: str) -> int:
    """Return year * 12 + month - 1 of "YYYY-MM". Raises ValueError that says what is allowed."""
    match = _PATTERN.fullmatch(str(text))
    if not match or not 1 <= int(match[2]) <= 12:
        raise ValueError(f"date is {text!r}; allowed: YYYY-MM with a month from 01 to 12, e.g. 2026-01")
    return int(match[1]) * 12 + int(match[2]) - 1


def label(number: int) -> str:
    """Return "YYYY-MM" of a month number as of `months_since_zero`."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


class Calendar:
    """The months of one run: index 0 is `start`."""

    def __init__(self, start: str, until: str):
        self.start, self.until = start, until
        self.first = months_since_zero(start)
        self.length = months_since_zero(until) - self.first
        if self.length <= 0:
            raise ValueError(f"until is {until}, which is not after the start {start}; give a later month")

    def date(self, month: int) -> str:
        return label(self.first + month)

    def index(self, date: str) -> int:
        return months_since_zero(date) - self.first

    def year(self, month: int) -> int:
        return (self.first + month) // 12

    def month_of_year(self, month: int) -> int:
        """Return 0 for January … 11 for December."""
        return (self.first + month) % 12

    def year_fraction(self, month: int) -> float:
        """Return the date as a decimal year (start of the month)."""
        return (self.first + month) / 12.0

    def days(self, month: int) -> int:
        return _calendar.monthrange(self.year(month), self.month_of_year(month) + 1)[1]
