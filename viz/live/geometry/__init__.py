"""What the map stands on: country paths, which nation they belong to, where the zones' marks are."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .projection import project

if TYPE_CHECKING:
    from ....world.places import Places

HERE = Path(__file__).parent
NOTE = "Equal Earth. Borders: Natural Earth, as drawn there; no statement on the status of any territory."
# frame units: the corners that the globe leaves free
OFF_EARTH = {"orbit": (48.0, 55.0, "Orbit"), "moon": (950.0, 50.0, "Moon")}


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of this folder."""
    with (HERE / name).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@cache
def atlas() -> dict[str, Any]:
    """Return the built geometry: width, height, outline, net and countries `{id, name, d}`, all in frame units."""
    return json.loads((HERE / "countries.json").read_text(encoding="utf-8"))


def shapes(nations: list[str]) -> list[dict[str, str]]:
    """Return one path per nation that has countries on the map; countries of no known nation come last, unnamed."""
    of = {row["country"]: row["nation"] for row in rows("countries.csv")}
    paths: dict[str, str] = {nation: "" for nation in [*nations, ""]}
    for country in atlas()["countries"]:
        nation = of.get(country["id"], "")
        paths[nation if nation in paths else ""] += country["d"]
    return [{"nation": nation, "d": d} for nation, d in paths.items() if d]


def marks(places: Places) -> dict[str, dict[str, Any]]:
    """Return `{zone: {x, y, side, title, nation, kind}}` in frame units, for every zone of the world, orbit and the Moon.

    A zone without a row in `marks.csv` stands where the world's own table puts it.
    """
    known = {row["zone"]: row for row in rows("marks.csv")}
    out: dict[str, dict[str, Any]] = {}
    for name, node in places.graph.nodes(data=True):
        if node["kind"] != "grid":
            x, y, title = OFF_EARTH.get(name, (60.0, 400.0, node["name"]))
            out[name] = {"x": x, "y": y, "side": "right", "title": title, "nation": "", "kind": node["kind"]}
            continue
        row = known.get(name)
        latitude = float(row["latitude"]) if row else node["latitude"]
        longitude = float(row["longitude"]) if row else node["longitude"]
        x, y = project(longitude, latitude)
        out[name] = {
            "x": round(x, 1), "y": round(y, 1), "side": row["side"] if row else "right", "title": node["name"],
            "nation": node["nation"], "kind": "grid",
        }  # fmt: skip
    return out


def map_base(places: Places) -> str:
    """Return the part of the map that never changes, as the JSON string that `WorldMap` takes as `base`."""
    world = atlas()
    edges: list[tuple[str, str, str]] = list(places.graph.edges(data="kind"))
    pairs = sorted({(min(a, b), max(a, b)) for a, b, kind in edges if kind == "transmission"})
    base = {
        **{key: world[key] for key in ("width", "height", "outline", "net")},
        "shapes": shapes(places.nations),
        "nations": [{"id": n, "name": name} for n, name in zip(places.nations, places.nation_names, strict=True)],
        "zones": marks(places),
        "lines": pairs,
        "note": NOTE,
        "credit": world["source"],
    }
    return json.dumps(base, ensure_ascii=False, separators=(",", ":"))
