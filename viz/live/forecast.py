"""The future, computed beside the page: one process that runs twins of the worlds on show to their end.

A twin is built from scenario, seed and moves, so only those travel to the process and only recorded numbers come back.
The newest question is answered first, in slices, and a question that nobody asks any more is dropped between months.
"""

from __future__ import annotations

import gc
import multiprocessing
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np

from ...scenarios.scenario import Scenario
from .moves import Moves, first_change
from .timeline import Timeline, free_memory, warm

FIRST_MONTHS, NEXT_MONTHS, SLICE = 12, 60, 24  # an answer soon, one that holds what is looked at most, then one every so many months
MOST_TIMELINES = 4  # whose kept worlds the process remembers


class Question(NamedTuple):
    """Which future is wanted, and for whom; `first` is the first month that the asker does not know."""

    number: int
    settings: Scenario
    seed: int
    moves: Moves
    first: int


class Answer(NamedTuple):
    """Recorded months `first` to `first + len` of one future; `error` where the world failed."""

    number: int
    first: int
    values: dict[str, np.ndarray]
    finished: bool
    error: str = ""


Listener = Callable[[Answer], None]


class _Worker:
    """The loop of the process."""

    def __init__(self, pipe: Connection):
        self.pipe = pipe
        self.open: OrderedDict[int, tuple[Question, Timeline]] = OrderedDict()
        self.done: OrderedDict[tuple[str, int, Moves], Timeline] = OrderedDict()

    def run(self) -> None:
        while True:
            while self.pipe.poll(None if not self.open else 0):
                self._take(self.pipe.recv())
            number = next(reversed(self.open), None)
            if number is not None:
                self._slice(number)

    def _take(self, message: Question | Scenario | int) -> None:
        if isinstance(message, int):
            self.open.pop(message, None)
            return
        if not isinstance(message, Question):
            with suppress(Exception):  # whoever asks about it is told
                warm(message)
            return
        try:
            self.open[message.number] = (message, self._nearest(message))
        except Exception as error:
            self.pipe.send(Answer(message.number, 0, {}, True, f"{type(error).__name__}: {error}"))

    def _nearest(self, question: Question) -> Timeline:
        """Return a timeline at the last kept month before the answer begins, from the plan that shares most with it."""
        world = (question.settings.digest(), question.seed)
        best, shared = None, -1
        for (digest, seed, moves), timeline in self.done.items():
            common = first_change(moves, question.moves)
            reach = timeline.length if common is None else common
            if (digest, seed) == world and reach > shared:
                best, shared = timeline, reach
        timeline = Timeline(question.settings, question.seed, question.moves) if best is None else best.fork(question.moves)
        if timeline.month > question.first:
            timeline.back(question.first)
        return timeline

    def _slice(self, number: int) -> None:
        question, timeline = self.open[number]
        error, begin = "", max(timeline.month, question.first)
        end = question.first + _slice_end(begin - question.first)
        while timeline.month < timeline.length:
            try:
                timeline.step()
            except Exception as failure:
                error = str(failure)
                break
            if timeline.month >= end or self.pipe.poll(0):
                break
        finished = bool(error) or timeline.month >= timeline.length
        if timeline.month > begin or finished:
            data = timeline.world.record.data
            values = {name: array[begin : timeline.month].copy() for name, array in data.items()}
            self.pipe.send(Answer(number, begin, values, finished, error))
        if finished:
            del self.open[number]
            if not error:
                self._remember(question, timeline)

    def _remember(self, question: Question, timeline: Timeline) -> None:
        self.done[question.settings.digest(), question.seed, question.moves] = timeline
        while len(self.done) > MOST_TIMELINES:
            self.done.popitem(last=False)
        free_memory()


def _slice_end(months: int) -> int:
    """Return at how many months the next answer is due when so many have been answered."""
    if months < NEXT_MONTHS:
        return FIRST_MONTHS if months < FIRST_MONTHS else NEXT_MONTHS
    return NEXT_MONTHS + SLICE * ((months - NEXT_MONTHS) // SLICE + 1)


def _work(pipe: Connection) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to end
    gc.freeze()
    try:
        _Worker(pipe).run()
    except (EOFError, OSError):
        return  # the parent is gone


class Forecaster:
    """The parent's end: questions go out, answers reach their listener on a thread of ours.

    A process that was killed is started again, and what was open is asked once more.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[int, tuple[Question, Listener]] = {}
        self._number = 0
        self._closed = False
        self._restarts = 0
        self._start()
        self._thread = threading.Thread(target=self._listen, name="wattrace-forecasts", daemon=True)
        self._thread.start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, inner = context.Pipe()
        self._process = context.Process(target=_work, args=(inner,), name="wattrace-forecast", daemon=True)
        self._process.start()
        inner.close()

    def warm(self, settings: Scenario) -> None:
        """Let the process open a scenario before anyone asks."""
        with self._lock:
            self._send(settings)

    def ask(self, settings: Scenario, seed: int, moves: Moves, first: int, listener: Listener) -> int:
        """Ask for the months from `first` on; `listener` gets answers until the last or `drop`. Returns its number."""
        with self._lock:
            self._number += 1
            question = Question(self._number, settings, seed, moves, first)
            self._asked[question.number] = (question, listener)
            self._send(question)
        return question.number

    def drop(self, number: int) -> None:
        """Take a question back."""
        with self._lock:
            if self._asked.pop(number, None):
                self._send(number)

    def close(self) -> None:
        """End the process."""
        self._closed = True
        self._process.terminate()
        self._process.join(2)

    def _send(self, message: Any) -> None:
        with suppress(OSError):  # the listener starts the process again and asks what is open
            self._pipe.send(message)

    def _listen(self) -> None:
        while not self._closed:
            try:
                answer = self._pipe.recv()
            except (EOFError, OSError):
                if not self._again():
                    return
                continue
            with self._lock:
                asked = self._asked.get(answer.number)
                if asked and answer.finished:
                    del self._asked[answer.number]
            if asked:
                asked[1](answer)

    def _again(self) -> bool:
        """Start the process again after it died; three times at most, or a future that kills it would do so for ever."""
        with self._lock:
            if self._closed:
                return False
            asked = list(self._asked.values())
            self._restarts += 1
            if self._restarts > 3:
                self._asked.clear()
            else:
                self._start()
                for question, _ in asked:
                    self._send(question)
                return True
        for question, listener in asked:
            listener(Answer(question.number, 0, {}, True, "the process that computes futures has ended too often"))
        return False


_shared: list[Forecaster] = []
_shared_lock = threading.Lock()


def forecaster() -> Forecaster:
    """Return the server's forecaster, started when first asked for."""
    with _shared_lock:
        if not _shared:
            _shared.append(Forecaster())
        return _shared[0]


def close_forecaster() -> None:
    """End the server's forecaster, if there is one."""
    with _shared_lock:
        while _shared:
            _shared.pop().close()
