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
    import ipyvuetify

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Mesa's and Solara's own, about each other
        example = runpy.run_path(str(EXAMPLE))
        model = example["model"]

        @solara.component
        def Frame():
            with solara.AppLayout():  # Mesa's buttons stand in a side bar, which needs one
                solara.Column(children=[example["page"]])

        _, context = solara.render(Frame(), handle_error=False)
        buttons = {str(button.children[0]): button for button in context.find(ipyvuetify.Btn).widgets}
        buttons["Step"].click()
        buttons["Step"].click()
        assert model.month == 2
        assert model.record.series("Compute|Powered").shape == (2,)
        context.close()
