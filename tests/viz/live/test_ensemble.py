"""One ensemble without a browser: it waits for its turn, can be ended at any moment, and leaves nothing behind."""

from __future__ import annotations

import time

import pytest
from wattrace.model import World
from wattrace.scenarios.read import load_scenario
from wattrace.viz.live import ensemble
from wattrace.viz.live.ensemble import Ensemble
from wattrace.viz.live.offered import Asking
from wattrace.viz.live.tab_views import EnsembleView


@pytest.fixture
def begin():
    begun: list[Ensemble] = []

    def start(settings, worlds: int = 2) -> Ensemble:
        begun.append(Ensemble([Asking("own", "own", settings, ())], EnsembleView(worlds=worlds), 1, lambda: None))
        return begun[-1]

    yield start
    for one in begun:
        one.drop()
        one.join(10)
        assert not one.thread.is_alive()
        assert not one.folder.exists()


@pytest.fixture(scope="module")
def short():
    """A world of three months, compiled beforehand: compiling cannot be interrupted, and on a new machine it takes minutes."""
    settings = load_scenario("baseline").between(None, "2026-04")
    World(settings, seed=1).run_to()
    return settings


def test_a_second_ensemble_waits_for_its_turn_and_can_be_cancelled_meanwhile(begin, short):
    with ensemble._turn:
        one = begin(short)
        time.sleep(0.3)
        assert one.busy
        assert one.progress.state == "waiting"
        one.cancel()
        one.join(5)
    assert one.progress.state == "cancelled"
    assert not one.busy
    assert one.folder.exists()  # what is finished stays until it is dropped


def test_cancel_counts_at_once_while_the_model_is_loaded_or_compiled(begin, short):
    one = begin(short, worlds=96)
    limit = time.monotonic() + 60
    while not one.progress.doing:  # what cannot be interrupted has begun
        assert time.monotonic() < limit
        time.sleep(0.01)
    one.cancel()
    assert one.thread.is_alive()
    assert one.progress.state == "cancelled"
    assert "ends by itself" in one.progress.doing
    assert not one.busy
    one.join(60)
    assert not one.thread.is_alive()
    assert (one.progress.state, one.progress.doing) == ("cancelled", "")


def test_what_goes_wrong_is_told(begin, short):
    one = begin(short.model_copy(update={"world": {"no such number": 1.0}}))
    one.join(60)
    assert one.progress.state == "stopped"
    assert one.error.startswith("The ensemble stopped: ")
    assert "no such number" in one.error


def test_worlds_are_read_as_they_are_finished(begin, short):
    one = begin(short, worlds=3)
    one.join(300)
    assert (one.progress.state, one.progress.done, one.progress.failed) == ("done", 3, 0)
    assert one.worlds.read()
    assert not one.worlds.read()
    values = one.worlds.of(0, "Compute|Powered", "USA")
    assert values.shape == (3, 3)
    assert (values > 0.0).all()
    with pytest.raises(KeyError):
        one.worlds.values("Compute|Powerd")
