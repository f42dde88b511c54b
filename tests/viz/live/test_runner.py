"""A session without a browser: commands go in, frames come out, and the thread ends when it is told to."""

from __future__ import annotations

import json
import time

import mesa
import numpy as np
import pytest
from wattrace.scenarios.read import load_scenario
from wattrace.viz.live import forecast, runner
from wattrace.viz.live.frames import Frame
from wattrace.viz.live.moves import Move
from wattrace.viz.live.settings import Serving
from wattrace.viz.live.view import read_address

SERVING = Serving({"baseline": "baseline"}, until="2027-07")


class Screen:
    """Stands where the browser does: it keeps frames and answers them, unless it sleeps."""

    def __init__(self, query: str = ""):
        self.frames: list[Frame] = []
        self.sleeps = False
        asked, faults = read_address(query, SERVING)
        assert not faults
        self.runner = runner.Runner(self.show, asked)
        self.runner.start()

    def show(self, frame: Frame) -> None:
        self.frames.append(frame)
        if not self.sleeps:
            self.runner.tell("ack", frame.number)

    def status(self) -> dict:
        nothing = {"month": -1, "length": -2, "error": "", "note": "", "known": 0, "moving": True}
        return json.loads(self.frames[-1].status) if self.frames else nothing

    def wait(self, true, seconds: float = 30.0) -> dict:
        end = time.monotonic() + seconds
        while not true(self.status()):
            assert time.monotonic() < end, self.status()
            time.sleep(0.01)
        return self.status()


@pytest.fixture(scope="module", autouse=True)
def _forecaster():
    yield
    forecast.close_forecaster()


@pytest.fixture
def screen():
    screens = []

    def at(query: str = "") -> Screen:
        screens.append(Screen(query))
        return screens[-1]

    yield at
    for one in screens:
        one.runner.close()
        one.runner.thread.join(5)
        assert not one.runner.thread.is_alive()


def test_step_goto_back_and_reset(screen):
    s = screen()
    s.wait(lambda now: now["month"] == 0)
    s.runner.tell("step")
    s.wait(lambda now: now["month"] == 1)
    s.runner.tell("goto", 9)
    s.wait(lambda now: now["month"] == 9 and not now["moving"])
    s.runner.tell("goto", 4)
    assert s.wait(lambda now: now["month"] == 4 and not now["moving"])["date"] == "2026-05"
    s.runner.tell("reset")
    s.wait(lambda now: now["month"] == 0)


def test_play_keeps_its_speed_and_stops_at_the_end(screen):
    s = screen()
    s.wait(lambda now: now["month"] == 0)
    s.runner.tell("speed", 10)
    began = time.monotonic()
    s.runner.tell("play")
    s.wait(lambda now: now["month"] >= 10)
    assert time.monotonic() - began > 0.85
    s.runner.tell("speed", 1000)
    s.wait(lambda now: now["month"] == now["length"] and not now["playing"])


def test_what_is_forecast_is_what_is_lived(screen):
    s = screen("lever=USA.permit_time.2026-04.0.25")
    s.wait(lambda now: now["known"] == now["length"] and not now["asking"], 120)
    expected = {name: array.copy() for name, array in s.runner.path.record.data.items()}
    base = s.runner.base.record.data["Build|Started"]
    s.runner.tell("goto", 18)
    s.wait(lambda now: now["month"] == 18 and not now["moving"])
    for name, array in s.runner.timeline.world.record.data.items():
        assert np.array_equal(array, expected[name], equal_nan=True), name
    assert not np.array_equal(expected["Build|Started"], base)


def test_a_lever_in_the_past_is_lived_through_again_up_to_today(screen):
    s = screen("month=2026-10")
    s.wait(lambda now: now["month"] == 9 and not now["moving"])
    s.runner.tell("moves", (Move(2, "USA", "permit_time", 0.25),))
    s.wait(lambda now: s.runner.timeline.moves and now["month"] == 9 and not now["moving"])
    s.runner.tell("step")
    s.wait(lambda now: now["month"] == 10)
    assert s.runner.timeline.world.levers["permit_time"][0] == 0.25


def test_the_first_move_is_forecast_at_once_and_one_soon_after_when_the_lever_rests(screen, monkeypatch):
    s = screen("month=2026-06")
    s.wait(lambda now: now["known"] == now["length"] and not now["moving"] and not now["asking"], 120)
    monkeypatch.setattr(runner, "SETTLE_S", 60.0)
    s.runner._moved_at = float("-inf")
    s.runner.tell("lever", ("permit_time", "USA", 0.5))
    s.wait(lambda now: s.runner.timeline.moves and now["known"] == now["length"] and not now["asking"], 50)
    s.runner.tell("lever", ("permit_time", "USA", 0.25))
    s.wait(lambda now: now["asking"])
    time.sleep(0.5)
    assert s.status()["known"] == 5  # months lived
    assert not s.runner._questions


def test_answers_about_a_plan_that_was_changed_since_are_not_listened_to(screen, monkeypatch):
    s = screen("month=2026-06")
    s.wait(lambda now: now["known"] == now["length"] and not now["moving"] and not now["asking"], 120)
    s.runner.tell("lever", ("permit_time", "USA", 4.0))
    s.runner.tell("lever", ("permit_time", "USA", 0.25))  # the first question is on its way
    s.wait(lambda now: s.runner.timeline.moves and now["known"] == now["length"] and not now["asking"], 60)
    shown = {name: array.copy() for name, array in s.runner.path.record.data.items()}
    s.runner.tell("goto", 18)
    s.wait(lambda now: now["month"] == 18 and not now["moving"])
    for name, array in s.runner.timeline.world.record.data.items():
        assert np.array_equal(array, shown[name], equal_nan=True), name


def test_the_first_year_is_answered_first_then_five_years_then_the_rest_in_parts():
    months, ends = 0, []
    while months < 120:
        months = forecast._slice_end(months)
        ends.append(months)
    assert ends == [12, 60, 84, 108, 132]
    assert forecast._slice_end(13) == 60  # also after an answer that was cut short


def test_an_error_tells_month_and_agent_and_the_session_lives_on(screen):
    s = screen("month=2026-03")
    s.wait(lambda now: now["month"] == 2 and not now["moving"])

    class Breaks(mesa.Agent):
        def decide(self):
            raise ValueError("broken on purpose")

    Breaks(s.runner.timeline.world)
    s.runner.tell("step")
    error = s.wait(lambda now: now["error"])["error"]
    assert "2026-03" in error
    assert "Breaks" in error
    s.runner.tell("goto", 1)
    s.wait(lambda now: now["month"] == 1 and not now["error"])
    s.runner.tell("step")
    s.wait(lambda now: now["month"] == 2 and not now["error"])


def test_nonsense_from_the_browser_is_an_error_on_the_page_not_the_end(screen):
    s = screen()
    s.wait(lambda now: now["month"] == 0)
    s.runner.tell("lever", ("permit_time", "USA", 99.0))
    s.runner.tell("step")
    assert "allowed: 0.1 to 4" in s.wait(lambda now: now["error"])["error"]
    s.runner.tell("moves", [])
    s.wait(lambda now: not now["error"])
    s.runner.tell("step")
    s.wait(lambda now: now["month"] == 1)


def test_one_frame_at_a_time_and_a_pause_when_nobody_looks(screen, monkeypatch):
    monkeypatch.setattr(runner, "SILENCE_S", 0.5)
    s = screen()
    s.wait(lambda now: now["month"] == 0)
    s.sleeps = True
    s.runner.tell("speed", 20)
    s.runner.tell("play")
    end = time.monotonic() + 10
    while s.runner._playing is False and time.monotonic() < end:
        time.sleep(0.01)
    shown = len(s.frames)
    time.sleep(0.3)
    assert len(s.frames) <= shown + 1
    s.wait(lambda now: now["note"].startswith("Paused"))
    assert s.runner.timeline.month < 18


def test_frames_hold_only_what_is_looked_at(screen):
    s = screen("tab=table")
    s.wait(lambda now: now["month"] == 0)
    frame = s.frames[-1]
    assert (frame.chart, frame.fill, frame.events) == ("", "", "")
    assert json.loads(frame.table)["dates"] == []


def test_the_baseline_is_computed_once_for_all_sessions(screen):
    from wattrace.viz.live.path import kept_baseline

    first = screen()
    first.wait(lambda now: now["known"] == now["length"], 120)
    settings = load_scenario("baseline").between(None, SERVING.until)
    assert kept_baseline((settings.name, settings.digest(), 1)) is not None
    second = screen()
    assert second.wait(lambda now: now["month"] == 0)["known"] == 18


def test_a_frame_that_cannot_be_painted_says_so_and_the_session_lives(screen, monkeypatch):
    s = screen()
    s.wait(lambda now: now["month"] == 0)

    def broken(*_):
        raise RuntimeError("no ink")

    with monkeypatch.context() as patch:
        patch.setattr("wattrace.viz.live.frames.Painter._binds", broken)
        s.runner.tell("step")
        assert "no ink" in s.wait(lambda now: bool(now["error"]))["error"]
    s.runner.tell("goto", 0)
    s.runner.tell("step")
    s.wait(lambda now: now["month"] == 1 and not now["error"])


def test_a_world_that_has_ended_takes_no_lever_and_says_so(screen):
    one = screen("?month=2026-03")
    last = one.wait(lambda s: s["month"] == 2)["length"]
    one.runner.tell("goto", last)
    one.wait(lambda s: s["month"] == last)
    one.runner.tell("lever", ("permit_time", one.runner.timeline.world.places.nations[0], 0.5))
    status = one.wait(lambda s: "has ended" in s["note"])
    assert status["month"] == last
    assert one.runner.timeline.moves == ()
