"""One thread per browser session owns the world: commands come in by a queue, frames go out one at a time."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from ...model import WorldFailed
from .exports import export
from .fans import Fan
from .forecast import Answer, forecaster
from .frames import Frame, Painter, Status
from .moves import Move, Moves, Strike, with_move
from .path import Path, keep_baseline, kept_baseline
from .timeline import Timeline, opened
from .view import Asked, View
from .whys import Whys

SPEEDS = (1.0, 5.0, 10.0, 20.0, 1000.0)
SILENCE_S = 5.0  # after that long without a painted frame the browser is taken to be away
FRAME_S = 0.08  # least time between two frames at full speed
SETTLE_S = 0.3  # the first move starts a forecast at once; a lever that goes on moving waits until it rests

Publish = Callable[[Frame], None]


class Runner:
    """The life of one session. All methods but `run` and what it calls may be used from any thread."""

    def __init__(self, publish: Publish, asked: Asked):
        self.asked = asked
        self._publish = publish
        self._commands: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._playing = False
        self._speed = SPEEDS[2]
        self._target: int | None = None
        self._due = 0.0
        self._number = 0
        self._sent_at = self._acked_at = 0.0
        self._acked = 0
        self._dirty = True
        self._stamp = time.time()
        self._error = ""
        self._note = ""
        self._ask_at: float | None = None
        self._moved_at = -SETTLE_S
        self._questions: dict[str, int] = {}
        self._whys = Whys()
        self.fans: Callable[[Asked], Fan | None] = lambda asked: None
        self.ended: Callable[[], None] = lambda: None  # called by the thread as its last
        self.thread = threading.Thread(target=self.run, name="wattrace-session", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def tell(self, command: str, value: Any = None) -> None:
        """Put a command on the queue: play, pause, step, goto, speed, reset, lever, strike, moves, world, view, ack, call, news."""
        self._commands.put((command, value))

    def close(self) -> None:
        """End the thread at the next month."""
        self._closed.set()
        self._commands.put(("close", None))

    # -- the thread ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Live until closed. What goes wrong is shown on the page; the session lives on."""
        try:
            self._open(self.asked)
        except Exception as error:
            self._error = f"The world could not be opened: {error}"
        while not self._closed.is_set():
            try:
                self._take_commands()
                self._move()
                self._ask_when_settled()
                self._show()
                self._explain()
            except Exception as error:
                self._stop(error)
        for number in self._questions.values():
            forecaster().drop(number)
        self.ended()

    def _open(self, asked: Asked) -> None:
        note = ""
        try:
            self.timeline = Timeline(asked.settings, asked.seed, asked.moves)
        except ValueError as error:
            kept = tuple(move for move in asked.moves if isinstance(move, Move))
            if kept == asked.moves:
                raise
            # an address may strike what this world has not: it began before there was such a thing
            note, asked = f"The shocks of this address are left out: {error}.", asked._replace(moves=kept)
            self.timeline = Timeline(asked.settings, asked.seed, kept)
        self.asked = asked
        self._key = (asked.settings.name, asked.settings.digest(), asked.seed)
        empty = opened(asked.settings, asked.seed).record
        whole = kept_baseline(self._key)
        self.base = whole or Path(empty)
        self.path = self.base.copy()
        self.painter = Painter(self.timeline.world)
        self._playing, self._error, self._note = False, "", note
        self._target = asked.month or None
        self._dirty = True
        if whole is None:
            self._ask("base", (), 0)
        if asked.moves:
            self.path.forget(asked.moves[0].month)
            self._ask("future", asked.moves, self.path.known)

    def _take_commands(self) -> None:
        wait = self._idle_seconds()
        while True:
            try:
                command, value = self._commands.get(timeout=wait) if wait else self._commands.get_nowait()
            except queue.Empty:
                return
            wait = 0.0
            getattr(self, f"_on_{command}")(value)

    def _idle_seconds(self) -> float:
        """Return how long to wait for a command before there is something to do."""
        now = time.monotonic()
        if self._dirty and self._may_show(now):
            return 0.0
        waits = [1.0]
        if self._ask_at is not None:
            waits.append(self._ask_at - now)
        if self._target is not None:
            return 0.0
        if self._playing:
            waits.append(self._due - now)
        return max(min(waits), 0.0)

    # -- commands -----------------------------------------------------------------------------------------------

    def _on_close(self, _: Any) -> None:
        pass

    def _on_ack(self, number: int) -> None:
        self._acked = max(self._acked, int(number))
        self._acked_at = time.monotonic()

    def _on_play(self, _: Any) -> None:
        if self.timeline.month < self.timeline.length and not self._error:
            self._playing, self._due, self._target = True, time.monotonic(), None
            self._note = ""
        self._acked_at = time.monotonic()
        self._dirty = True

    def _on_pause(self, _: Any) -> None:
        self._playing, self._target, self._dirty = False, None, True

    def _on_step(self, _: Any) -> None:
        self._playing = False
        month = self.timeline.month if self._target is None else self._target
        self._goto(min(month + 1, self.timeline.length))

    def _on_goto(self, month: Any) -> None:
        self._playing = False
        self._goto(min(max(int(month), 0), self.timeline.length))

    def _goto(self, month: int) -> None:
        if month < self.timeline.month or (self._error and month != self.timeline.month):
            self.timeline.back(month)
            self._error = ""
        self._target = month if month > self.timeline.month else None
        self._dirty = True

    def _on_speed(self, speed: float) -> None:
        self._speed = min(max(float(speed), SPEEDS[0]), SPEEDS[-1])
        self._due, self._dirty = time.monotonic(), True

    def _on_reset(self, _: Any) -> None:
        self._playing = False
        self._goto(0)

    def _on_lever(self, given: tuple[str, str, float]) -> None:
        if self._over():
            return
        lever, nation, value = given
        move = Move(self.timeline.month, nation, lever, float(value))
        self._replan(with_move(self.timeline.moves, move))

    def _on_strike(self, given: Strike) -> None:
        if self._over():
            return
        strike = given._replace(month=self.timeline.month)
        if strike in self.timeline.moves:
            self._note, self._dirty = "This shock is set already.", True
            return
        self._replan(tuple(sorted((*self.timeline.moves, strike))))

    def _over(self) -> bool:
        """Tell whether no month is left in which something could be moved, and say so."""
        over = self.timeline.month >= self.timeline.length
        if over:
            self._note, self._dirty = "The world has ended: go back to a month before its end to move anything.", True
        return over

    def _on_moves(self, moves: Moves) -> None:
        self._replan(tuple(moves))

    def _replan(self, moves: Moves) -> None:
        """Take another plan: a change of the past is lived through again up to today."""
        today = self.timeline.month
        try:
            first = self.timeline.change(moves)
        except ValueError as error:
            self._note, self._dirty = f"This cannot be set: {error}.", True
            return
        if first is None:
            return
        self._note = ""
        self.asked = self.asked._replace(moves=self.timeline.moves)
        self.path.forget(first)
        if self.timeline.month < today:
            self._target = today
        self._error = ""
        self._drop("future")  # its answers are of the plan before
        now = time.monotonic()
        self._ask_at = now if now - self._moved_at > SETTLE_S else now + SETTLE_S
        self._moved_at = now
        self._dirty = True

    def _on_world(self, asked: Asked) -> None:
        for number in self._questions.values():
            forecaster().drop(number)
        self._questions.clear()
        self._open(asked)

    def _on_export(self, given: tuple[str, Callable[[str], None]]) -> None:
        kind, hand_over = given
        hand_over(export(kind, self.timeline.world, self.asked, self.timeline.moves))

    def _on_call(self, do: Callable[[], None]) -> None:
        do()

    def _on_news(self, _: Any) -> None:
        """Draw again: worlds of the ensemble were finished."""
        self._dirty = True

    def _on_view(self, view: View) -> None:
        self.asked = self.asked._replace(view=view)
        self._dirty = True

    def _on_answer(self, given: tuple[str, Answer]) -> None:
        kind, answer = given
        if self._questions.get(kind) != answer.number:
            return  # of a plan that has been changed since
        if answer.error:
            self._note = f"The forecast stopped: {answer.error}"
        path = self.base if kind == "base" else self.path
        path.take(answer.first, answer.values)
        if kind == "base":
            if not self.timeline.moves:
                self.path.take(answer.first, answer.values)
            if answer.finished and not answer.error:
                keep_baseline(self._key, self.base)
        if answer.finished:
            del self._questions[kind]
        self._dirty = True

    # -- time ---------------------------------------------------------------------------------------------------

    def _move(self) -> None:
        """Simulate a month if one is due."""
        now = time.monotonic()
        if self._playing and self._sent_at > self._acked_at and now - self._acked_at > SILENCE_S and self._acked < self._number:
            self._playing, self._note, self._dirty = False, "Paused: the page was not being looked at.", True
            return
        if self._target is not None:
            self._step()
            if self._target is not None and self.timeline.month >= self._target:
                self._target = None
        elif self._playing and now >= self._due:
            self._step()
            self._due = max(self._due + 1.0 / self._speed, now - 1.0 / self._speed)
            if self.timeline.month >= self.timeline.length:
                self._playing = False

    def _step(self) -> None:
        if self.timeline.month >= self.timeline.length:
            self._target = None
            return
        self._stamp = time.time()
        self.timeline.step()
        world = self.timeline.world
        self.path.lived(world.record, world.month - 1)
        self.painter.lived(world)
        self._dirty = True

    def _stop(self, error: Exception) -> None:
        """Show an error; the world stands where it failed and can be taken back."""
        self._playing, self._target = False, None
        self._error = str(error) if isinstance(error, WorldFailed) else f"{type(error).__name__}: {error}"
        self._dirty = True

    # -- the future ---------------------------------------------------------------------------------------------

    def _ask_when_settled(self) -> None:
        if self._ask_at is None or time.monotonic() < self._ask_at:
            return
        self._ask_at = None
        self._drop("future")
        if not self.timeline.moves:
            self.path = self.base.copy()
            self._dirty = True
            return
        self._ask("future", self.timeline.moves, self.path.known)

    def _drop(self, kind: str) -> None:
        """Take a question back; what was on its way is not listened to."""
        number = self._questions.pop(kind, None)
        if number is not None:
            forecaster().drop(number)

    def _ask(self, kind: str, moves: Any, first: int) -> None:
        listener = lambda answer: self._commands.put(("answer", (kind, answer)))  # noqa: E731
        self._questions[kind] = forecaster().ask(self.asked.settings, self.asked.seed, moves, first, listener)

    # -- frames -------------------------------------------------------------------------------------------------

    def _may_show(self, now: float) -> bool:
        """Tell whether the browser has painted the last frame; one that never answers gets another after a while."""
        if self._speed >= SPEEDS[-1] and (self._playing or self._target is not None) and now - self._sent_at < FRAME_S:
            return False
        return self._acked >= self._number or now - self._sent_at > SILENCE_S

    def _show(self) -> None:
        now = time.monotonic()
        if not self._dirty or not self._may_show(now) or self._closed.is_set():
            return
        self._dirty = False
        self._number += 1
        self._sent_at = now
        try:
            why = self._whys.text(self.timeline, self.asked.view.agent, self._settled())
            frame = self.painter.paint(self.timeline, self.path, self.base, self.asked, self._status(), self.fans(self.asked), why)
        except Exception as error:
            # the page must say so, and a frame that cannot be painted would be tried for ever
            self._stop(error)
            self._dirty = False
            frame = self.painter.bare(self.timeline, self.path, self.asked, self._status())
        self._publish(frame)

    def _settled(self) -> bool:
        return not self._playing and self._target is None and not self._error

    def _explain(self) -> None:
        """Find out what the agent on show decided, once the page has what there is without it."""
        if self._settled() and not self._dirty and self._whys.due(self.timeline, self.asked.view):
            self._whys.find(self.timeline, self.asked.view.agent)
            self._dirty = True

    def _status(self) -> Status:
        return Status(
            self._number, self._playing, self._speed, self._target is not None, bool(self._questions) or self._ask_at is not None,
            self._error, self._note, self._stamp,
        )  # fmt: skip
