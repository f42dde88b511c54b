"""`wattrace bench batch` does the same few worlds in every way, and says which way is not installed."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest
from click.testing import CliRunner
from wattrace.cli import cli

COMMAND = ["bench", "batch", "--runs", "2", "--workers", "1", "--until", "2026-03"]


@pytest.mark.filterwarnings("ignore:ipyparallel:UserWarning")
def test_the_same_worlds_are_done_in_every_way_and_their_seconds_told():
    theirs = importlib.util.find_spec("ema_workbench") is not None
    result = CliRunner().invoke(cli, [*COMMAND, "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["runs"], found["workers"], found["until"]) == (2, 1, "2026-03")
    assert found["ideal_s"] == pytest.approx(2 * found["single_run_s"])
    assert found["batch_over_ideal"] == pytest.approx(found["batch_s"] / found["ideal_s"])
    assert found["batch_over_ideal"] > 1.0
    assert found["mesa_s"] > 0.0
    assert found["mesa_same_worlds"] is True
    assert (found["ema_s"] or 0.0) > 0.0 if theirs else found["ema_s"] is None
    assert found["ema_same_worlds"] is (True if theirs else None)
    assert found["bytes_per_run"] > 4 * 64  # a number per variable at least


def test_a_way_that_is_not_installed_is_said_to_be_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "ema_workbench", None)  # as Python marks what cannot be imported
    result = CliRunner().invoke(cli, COMMAND)
    assert result.exit_code == 0, result.output
    told = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert (told["ema_s"], told["ema_same_worlds"]) == ("not installed", "not installed")
    assert told["mesa_same_worlds"] == "True"
