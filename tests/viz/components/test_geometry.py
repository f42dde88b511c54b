"""The map is true: everything inside the frame, areas in proportion, every nation somewhere, and its source is named."""

from __future__ import annotations

import itertools
import json
import math
import re
from types import SimpleNamespace
from typing import cast

import networkx as nx
import pytest
from wattrace.viz.live import geometry
from wattrace.viz.live.geometry import build, projection
from wattrace.world.places import Places
from wattrace.world.tables import Tables

ATLAS = geometry.atlas()
# million km2, from general reference; the map is coarse, so within a tenth
AREAS = {"Russia": 17.1, "Canada": 9.98, "Brazil": 8.51, "Australia": 7.69, "India": 3.29, "Argentina": 2.78, "Algeria": 2.38}
EARTH_KM = 6371.0


@pytest.fixture(scope="module")
def places():
    return Places(Tables.load(as_of="2026-01"))


def rings(path: str) -> list[list[tuple[float, float]]]:
    out = []
    for part in path.split("M")[1:]:
        start, steps = part.rstrip("z").split("l")
        x, y = map(float, start.split(","))
        ring = [(x, y)]
        for step in steps.split(" "):
            dx, dy = map(float, step.split(","))
            x, y = x + dx, y + dy
            ring.append((x, y))
        out.append(ring)
    return out


def area(ring: list[tuple[float, float]]) -> float:
    return 0.5 * sum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True))


def holds(path: str, x: float, y: float) -> bool:
    inside = False
    for ring in rings(path):
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
            if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
                inside = not inside
    return inside


def test_the_projection_gives_the_published_extremes():
    assert projection.raw(0.0, 0.0) == (0.0, 0.0)
    assert projection.raw(180.0, 0.0)[0] == pytest.approx(2.7066299836)
    assert projection.raw(0.0, 90.0)[1] == pytest.approx(1.3173627591)


def test_every_path_lies_inside_the_frame():
    for country in ATLAS["countries"]:
        for ring in rings(country["d"]):
            for x, y in ring:
                assert -0.2 <= x <= ATLAS["width"] + 0.2, country["name"]
                assert -0.2 <= y <= ATLAS["height"] + 0.2, country["name"]


def test_no_path_is_wider_than_half_the_map():
    for country in ATLAS["countries"]:
        for ring in rings(country["d"]):
            across = [x for x, _ in ring]
            assert max(across) - min(across) < ATLAS["width"] / 2, country["name"]


def test_a_ring_over_the_seam_is_cut_and_comes_back_on_the_other_side():
    seam = projection.CENTRE + 180.0
    ring = [(seam - 5.0, 10.0), (seam + 5.0, 10.0), (seam + 5.0, 20.0), (seam - 5.0, 20.0)]
    west, east = sorted(build.cut(ring), key=lambda part: part[0][0])
    assert {round(x) for x, _ in west} == {-180, -175}
    assert {round(x) for x, _ in east} == {175, 180}
    whole = [(x + 360.0 * (x < 0), y) for x, y in ring]
    assert abs(area(west)) + abs(area(east)) == pytest.approx(abs(area(whole)))


def test_a_ring_that_does_not_touch_the_seam_stays_whole():
    ring = [(170.0, -20.0), (-175.0, -20.0), (-175.0, -10.0), (170.0, -10.0)]  # over the date line
    assert len(build.cut(ring)) == 1


def test_areas_are_in_proportion():
    unit = (EARTH_KM / projection.SCALE) ** 2 / 1e6  # million km2 of a square frame unit
    for name, known in AREAS.items():
        path = next(country["d"] for country in ATLAS["countries"] if country["name"] == name)
        assert abs(sum(area(ring) for ring in rings(path))) * unit == pytest.approx(known, rel=0.1), name


def test_every_country_belongs_to_one_nation_of_the_world(places):
    table = geometry.rows("countries.csv")
    assert sorted(row["country"] for row in table) == sorted(country["id"] for country in ATLAS["countries"])
    assert {row["nation"] for row in table} <= set(places.nations)


def test_every_nation_has_a_shape_and_every_zone_a_mark_on_it(places):
    shapes = {shape["nation"]: shape["d"] for shape in geometry.shapes(places.nations)}
    assert set(shapes) == set(places.nations)
    marks = geometry.marks(places)
    assert set(places.zones) | {"orbit", "moon"} == set(marks)
    for name in places.zones:
        mark = marks[name]
        assert holds(shapes[mark["nation"]], mark["x"], mark["y"]), name


def test_marks_stand_where_the_world_puts_its_zones(places):
    for row in geometry.rows("marks.csv"):
        node = places.graph.nodes[row["zone"]]
        near = math.hypot(float(row["latitude"]) - node["latitude"], float(row["longitude"]) - node["longitude"])
        assert near < 2.0 or "drawing choice" in row["source"], row["zone"]
        assert row["source"]


def test_orbit_and_moon_stand_off_the_earth(places):
    outline = re.findall(r"(-?[\d.]+),(-?[\d.]+)", ATLAS["outline"])
    ring = [(float(x), float(y)) for x, y in outline]
    path = f"M{ring[0][0]},{ring[0][1]}l" + " ".join(f"{b[0] - a[0]},{b[1] - a[1]}" for a, b in itertools.pairwise(ring)) + "z"
    assert holds(path, ATLAS["width"] / 2, ATLAS["height"] / 2)
    marks = geometry.marks(places)
    for name in ("orbit", "moon"):
        assert not holds(path, marks[name]["x"], marks[name]["y"])


def test_a_zone_the_folder_does_not_know_still_gets_a_mark():
    graph: nx.MultiDiGraph = nx.MultiDiGraph()
    graph.add_node("new", kind="grid", nation="N", name="a new zone", latitude=0.0, longitude=projection.CENTRE)
    mark = geometry.marks(cast(Places, SimpleNamespace(graph=graph)))["new"]
    assert (mark["x"], mark["side"]) == (500.0, "right")


def test_countries_of_nations_the_world_does_not_know_are_drawn_unnamed():
    assert [shape["nation"] for shape in geometry.shapes([])] == [""]


def test_the_base_is_small_json_with_every_line_once(places):
    text = geometry.map_base(places)
    assert len(text) < 150_000
    base = json.loads(text)
    assert len(base["lines"]) == len({frozenset(pair) for pair in base["lines"]}) == len(places.line_from)
    assert [nation["id"] for nation in base["nations"]] == places.nations


def test_the_source_of_the_borders_is_named():
    licences = (geometry.HERE.parent.parent.parent / "DATA-LICENSES.md").read_text(encoding="utf-8")
    assert "Natural Earth" in licences
    assert "Natural Earth" in ATLAS["source"]
    assert "no statement" in geometry.NOTE
