"""Mesa's own viewer takes the world: the example is short and steps without a browser."""

from __future__ import annotations

import runpy
import warnings
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "solara_viz.py"


def test_the_example_is_at_most_forty_lines():
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 40


def test_the_world_runs_in_mesas_viewer_without_a_browser():
    solara = pytest.importorskip("solara")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Mesa's and Solara's own, about each other
        example = runpy.run_path(str(EXAMPLE))
        box, context = solara.render(example["page"], handle_error=False)
        import ipyvuetify

        buttons = {button.widget.children[0]: button.widget for button in context.find(ipyvuetify.Btn) if button.widget.children}
        before = example["model"].month
        buttons["Step"].click()
        assert example["model"].month == before + 1
        context.close()
    assert box is not None
