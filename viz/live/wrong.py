"""Words for what is wrong in an address: what was given, what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def near(given: str, allowed: Iterable[str]) -> str:
    """Return a hint at what may have been meant, or at what is allowed."""
    names = list(allowed)
    close = difflib.get_close_matches(str(given)[:100], names, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(close)}?" if close else f"; allowed: {', '.join(name for name in names[:12] if name)}"


def number(text: str) -> float | None:
    """Return a text as a number, None where it is none."""
    try:
        return float(text)
    except ValueError:
        return None


def short(given: str) -> str:
    """Return a stranger's text quoted, and cut where it is long."""
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:57]}…"
