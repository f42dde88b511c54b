"""The race as a table for the terminal: a row every two years, the same measures for two nations and the rest."""

from __future__ import annotations

from typing import Any


def race_text(rows: list[dict[str, Any]]) -> str:
    """Return the race as an aligned table for people: a line per date and group."""
    heads = (
        "until",
        "",
        "firm GW",
        "AI GW",
        "AI H100e",
        "stranded GW",
        "USD/W",
        "q",
        "robots",
        "in orbit",
        "binds",
    )
    lines = [heads]
    for row in rows:
        for i, (group, cell) in enumerate((key, value) for key, value in row.items() if key != "date"):
            lines.append(
                (
                    row["date"] if i == 0 else "",
                    group,
                    _number(cell["accredited_gw"]),
                    _number(cell["powered_gw"]),
                    _number(cell["powered_h100e"]),
                    _number(cell["stranded_gw"]),
                    _number(cell["value_usd_per_w"]),
                    _number(cell["q"]),
                    _number(cell["robots"]),
                    _share(cell["orbital_share"]),
                    str(cell["binds"]),
                )
            )
    widths = [max(len(line[c]) for line in lines) for c in range(len(heads))]
    left = {0, 1, len(heads) - 1}
    told = []
    for line in lines:
        cells = [
            text.ljust(w) if c in left else text.rjust(w)
            for c, (text, w) in enumerate(zip(line, widths, strict=True))
        ]
        told.append("  ".join(cells).rstrip())
    return "\n".join(told)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    for size, sign in ((1e9, "G"), (1e6, "M")):
        if abs(value) >= size:
            return f"{value / size:.2f} {sign}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
