"""Write the tables of the stored evidence into docs/validation.md, between its marks. `make evidence` runs it."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "validation.md"
EVIDENCE = DOCS / "evidence" / "hindcast-power"


def table(name: str) -> str:
    """Return one table of the evidence in Markdown."""
    frame = pd.read_csv(EVIDENCE / f"{name}.csv")
    lines = [" | ".join(str(column).replace("_", " ") for column in frame.columns), " | ".join("---" for _ in frame.columns)]
    lines += [" | ".join(_cell(value) for value in row) for row in frame.itertuples(index=False)]
    return "\n".join(f"| {line} |" for line in lines)


def _cell(value: object) -> str:
    if str(value) in ("True", "False"):
        return "holds" if str(value) == "True" else "**fails**"
    if isinstance(value, float):
        return "–" if value != value else f"{value:.2f}"
    return str(value)


def page(text: str) -> str:
    """Return the page with every `<!-- evidence NAME -->` … `<!-- end -->` filled."""
    fill = lambda match: f"<!-- evidence {match[1]} -->\n{table(match[1])}\n<!-- end -->"  # noqa: E731
    return re.sub(r"<!-- evidence (\w+) -->.*?<!-- end -->", fill, text, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
