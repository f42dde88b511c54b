"""Colours can be told from the ground and from each other, and never stand alone."""

from __future__ import annotations

import re

import matplotlib
import pytest
from wattrace.viz.live import geometry

SHARED = (geometry.HERE.parent / "components" / "shared.js").read_text(encoding="utf-8")


def hexes(text: str) -> list[str]:
    return re.findall(r"#[0-9a-f]{6}", text)


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5))


def luminance(colour: str) -> float:
    parts = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def found(pattern: str) -> str:
    match = re.search(pattern, SHARED)
    assert match
    return match.group(1)


def theme(name: str) -> dict[str, str]:
    block = re.search(rf"{name}: {{(.*?)series: \[(.*?)\]", SHARED, re.S)
    assert block
    return {**dict(re.findall(r"(\w+): '(#[0-9a-f]{6})'", block.group(1))), "series": block.group(2)}


def test_the_map_scale_is_cividis():
    listed = hexes(found(r"CIVIDIS = \[(.*?)\]"))
    true = matplotlib.colormaps["cividis"]
    for i, colour in enumerate(listed):
        assert rgb(colour) == pytest.approx(true(i / (len(listed) - 1))[:3], abs=0.03), colour
    steps = [luminance(colour) for colour in listed]
    assert steps == sorted(steps)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_lines_and_words_stand_out_from_the_ground(name):
    c = theme(name)
    assert contrast(c["ink"], c["bg"]) > 7.0
    assert contrast(c["soft"], c["bg"]) > 4.5
    series = hexes(c["series"])
    assert len(series) == len(set(series)) == 9
    for colour in series:
        assert contrast(colour, c["bg"]) > 3.0, colour


def test_each_owner_has_a_dash_and_a_marker_of_its_own():
    for name in ("DASHES", "SHAPES"):
        listed = re.findall(r"'([^']*)'", found(rf"const {name} = \[(.*?)\]"))
        assert len(listed) == len(set(listed)) == 9
