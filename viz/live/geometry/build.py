"""Turn Natural Earth's countries into the paths of the map. Run by hand when the source changes, never at run time.

    python -m wattrace.viz.live.geometry.build countries-110m.json

The source is `countries-110m.json` of the npm package world-atlas 2.0.2 (Natural Earth 4.1, public domain).
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

from . import projection as earth

Ring = list[tuple[float, float]]
LEFT_OUT = {"Antarctica"}  # no load, and it would take a fifth of the frame
NARROWEST = 0.05  # frame units: what is thinner than this after cutting is an artefact of the seam


def arcs_of(topology: dict[str, Any]) -> list[Ring]:
    """Return the arcs of a quantized TopoJSON as lists of (longitude, latitude) in degrees."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for steps in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in steps:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        arcs.append(points)
    return arcs


def ring_of(arcs: list[Ring], numbers: list[int]) -> Ring:
    """Return one closed ring, its arcs joined; a negative number is an arc walked backwards."""
    ring: Ring = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += arc[1:] if ring else arc
    return ring


def unrolled(ring: Ring) -> Ring:
    """Return the ring in degrees from the centre without jumps of 360, so that it may leave (-180, 180]."""
    out = [(earth.from_centre(ring[0][0]), ring[0][1])]
    for longitude, latitude in ring[1:]:
        turned = earth.from_centre(longitude)
        before = out[-1][0]
        turned += 360.0 * round((before - turned) / 360.0)
        out.append((turned, latitude))
    return out


def half(ring: Ring, at: float, east: bool) -> Ring:
    """Return the part of a ring east or west of a meridian (Sutherland and Hodgman 1974)."""
    side = 1.0 if east else -1.0
    out = []
    for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
        a_in, b_in = side * (ax - at) >= 0.0, side * (bx - at) >= 0.0
        if a_in:
            out.append((ax, ay))
        if a_in != b_in:
            share = (at - ax) / (bx - ax)
            out.append((at, ay + share * (by - ay)))
    return out


def cut(ring: Ring) -> list[Ring]:
    """Return the ring as rings inside the frame: what crosses the seam comes back on the other side."""
    ring = unrolled(ring)
    parts = []
    for turn in (-1, 0, 1):
        low, high = 360.0 * turn - earth.SEAM, 360.0 * turn + earth.SEAM
        part = half(half(ring, low, True), high, False)
        if len(part) > 2:
            parts.append([(x - 360.0 * turn, y) for x, y in part])
    return parts


def path_of(ring: Ring) -> str:
    """Return the SVG path of a ring in frame units to a tenth, relative and closed; empty when too thin to see."""
    points = [earth.place(x, y) for x, y in ring]
    wide = max(x for x, _ in points) - min(x for x, _ in points)
    if wide < NARROWEST:
        return ""
    tenths = [(round(10.0 * x), round(10.0 * y)) for x, y in points]
    tenths = [tenths[0], *(b for a, b in itertools.pairwise(tenths) if a != b)]
    if tenths[0] == tenths[-1]:
        tenths.pop()
    if len(tenths) < 3:
        return ""
    steps = [f"{(bx - ax) / 10:g},{(by - ay) / 10:g}" for (ax, ay), (bx, by) in itertools.pairwise(tenths)]
    return f"M{tenths[0][0] / 10:g},{tenths[0][1] / 10:g}l{' '.join(steps)}z"


def countries(topology: dict[str, Any]) -> list[dict[str, str]]:
    """Return `{id, name, d}` per country, ordered by name. Countries without a code get their name as id."""
    arcs = arcs_of(topology)
    out = []
    for shape in topology["objects"]["countries"]["geometries"]:
        name = shape["properties"]["name"]
        if name in LEFT_OUT:
            continue
        polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        rings = [part for polygon in polygons for numbers in polygon for part in cut(ring_of(arcs, numbers))]
        out.append({"id": shape.get("id") or name, "name": name, "d": "".join(path_of(ring) for ring in rings)})
    return sorted(out, key=lambda country: country["name"])


def meridian(turned: float) -> str:
    """Return the path of one meridian, given in degrees from the centre, from the south end of the frame to its north."""
    steps = 24
    latitudes = [earth.SOUTH + (earth.NORTH - earth.SOUTH) * i / steps for i in range(steps + 1)]
    return "L".join(f"{x:.1f},{y:.1f}" for x, y in (earth.place(turned, latitude) for latitude in latitudes))


def sphere() -> dict[str, str]:
    """Return the outline of the Earth within the frame and its graticule every 30 degrees."""
    east = meridian(earth.SEAM)
    west = "L".join(reversed(meridian(-earth.SEAM).split("L")))
    net = [f"M{meridian(30.0 * k)}" for k in range(-5, 6)]
    for latitude in (-30.0, 0.0, 30.0, 60.0):
        (ax, ay), (bx, by) = earth.place(-earth.SEAM, latitude), earth.place(earth.SEAM, latitude)
        net.append(f"M{ax:.1f},{ay:.1f}L{bx:.1f},{by:.1f}")
    return {"outline": f"M{east}L{west}Z", "net": "".join(net)}


def main() -> None:
    topology = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    result = {
        "source": "Natural Earth 4.1, Admin 0 countries 1:110m, by way of npm world-atlas 2.0.2; public domain",
        "projection": f"Equal Earth, central meridian {earth.CENTRE:g} E",
        "width": earth.WIDTH,
        "height": round(earth.HEIGHT, 1),
        **sphere(),
        "countries": countries(topology),
    }
    text = json.dumps(result, ensure_ascii=False, separators=(",", ":")).replace('{"id"', '\n{"id"')
    (Path(__file__).parent / "countries.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
