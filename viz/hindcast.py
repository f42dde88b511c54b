"""A hindcast as tables and as a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..scenarios.hindcast import ORIGINS, Hindcast, evidence_hash
from ..scenarios.hindcast_scores import FROM_HORIZON, RIVALS, summary
from .picture import COLOURS, FAINT, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOST_FIRST = (
    "What loses most comes first: mean error of the median, share of cases inside the 90 % band, and how often the model errs less than"
    f" a naive forecast ({FROM_HORIZON} years ahead and more; 0.50 is even)."
)
PICTURE_ORIGINS = (ORIGINS[0], 2019)
SOURCES = ("coal", "gas", "nuclear", "hydro", "wind", "solar")


def tables(found: Hindcast) -> dict[str, pd.DataFrame]:
    """Return scores by target (the most often beaten first), scores by whether origins are tests, and the claims."""
    by_target = summary(found.cases, ["item", "source"])
    beaten = by_target[[f"beats_{rival}" for rival in RIVALS]].mean(axis=1)
    by_origin = summary(found.cases, ["test"])
    by_origin["test"] = np.where(by_origin["test"], "test origins", "origins that calibration may see")
    return {
        "scores": by_target.assign(beaten=beaten).sort_values(["beaten", "mape"], ascending=[True, False]).drop(columns="beaten"),
        "origins": by_origin.rename(columns={"test": "origins"}),
        "claims": found.claims,
    }


def write(found: Hindcast, folder: Path, command: str) -> None:
    """Write cases, tables, picture and what they depend on into `folder`."""
    found.cases.to_csv(folder / "cases.csv", index=False, float_format="%.6g")
    for name, frame in tables(found).items():
        frame.to_csv(folder / f"{name}.csv", index=False, float_format="%.4g")
    for kind in ("png", "svg"):
        draw(found).savefig(folder / f"hindcast.{kind}", dpi=130, metadata={"Date": None} if kind == "svg" else None)
    about = {"command": command, "draws": found.draws, "failed": found.failed, "evidence_sha256": evidence_hash()}
    (folder / "hindcast.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def draw(found: Hindcast) -> Figure:
    """Return generation by nation (rows) and source (columns): observed dots, median and band of what was run from two origins."""
    cases = found.cases[found.cases["item"] == "generation"]
    nations = list(dict.fromkeys(cases["nation"]))
    figure = Figure(figsize=(2.2 * len(SOURCES), 1.7 * len(nations) + 0.6), facecolor="white", layout="constrained")
    axes = figure.subplots(len(nations), len(SOURCES), squeeze=False)
    for row, nation in zip(axes, nations, strict=True):
        for axis, source in zip(row, SOURCES, strict=True):
            _panel(axis, cases[(cases["nation"] == nation) & (cases["source"] == source)])
            axis.set_title(f"{nation}, {source}", fontsize=8, loc="left", color=INK)
    figure.suptitle(
        "Generation, TWh a year: dots are what happened; lines are medians and bands 90 % of what was run from "
        + " and ".join(f"{origin}-01" for origin in PICTURE_ORIGINS),
        x=0.01, ha="left", fontsize=9, color=INK,
    )  # fmt: skip
    return figure


def _panel(axis: Axes, cases: pd.DataFrame) -> None:
    for origin, colour in zip(PICTURE_ORIGINS, COLOURS, strict=False):
        mine = cases[cases["origin"] == origin].sort_values("year")
        axis.fill_between(mine["year"], mine["low"], mine["high"], color=colour, alpha=0.18, linewidth=0)
        axis.plot(mine["year"], mine["median"], color=colour, linewidth=1.2, linestyle="-" if origin == ORIGINS[0] else "--")
    real = cases.drop_duplicates("year").sort_values("year")
    axis.plot(real["year"], real["observed"], "o", color=INK, markersize=2.4)
    axis.set_ylim(bottom=0.0)
    axis.tick_params(labelsize=6.5, color=FAINT)
    axis.xaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)

