"""The tab Ensemble: many paired worlds, run by the machinery of batches in the background, in a folder that goes with the session.

Worker processes step back for the page and never outlive what started them. Reading and showing run in the session's thread.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...scenarios.batch import Progress, batch
from ...scenarios.engine import Interrupted, cores
from .catalog import catalog
from .compare import Post
from .fans import Fan, Worlds, ensemble_charts
from .moves import Moves, moved
from .offered import Asking, asking
from .settings import Serving
from .tab_views import EnsembleView
from .view import Asked

NICE = 19  # workers take what the page leaves
MOST_WORKERS = 4  # each holds a world, some hundred megabytes
_turn = threading.Lock()  # one ensemble of a server at a time: two would take twice as long each
_running: set[Ensemble] = set()


class Ensemble:
    """One ensemble from its start to the removal of its folder. `told()` is called from its thread when there is news."""

    def __init__(self, asked: list[Asking], view: EnsembleView, seed: int, told: Callable[[], None]):
        self.asked, self.view, self.seed, self.told = asked, view, seed, told
        self.keys: list[tuple[str, Moves]] = [(one.settings.digest(), one.moves) for one in asked]
        self.titles = [one.title for one in asked]
        self.progress = Progress("waiting", 0, 0, view.worlds * len(asked), 0.0, float("nan"))
        self.error = ""
        self.folder = Path(tempfile.mkdtemp(prefix="wattrace-ensemble-"))
        self.worlds = Worlds(self.folder, len(asked))
        self._stop, self._drop = threading.Event(), threading.Event()
        self._lock, self._over = threading.Lock(), False
        self.thread = threading.Thread(target=self._run, name="wattrace-ensemble", daemon=True)
        _running.add(self)
        self.thread.start()

    @property
    def busy(self) -> bool:
        return self.progress.state in ("waiting", "running")

    def cancel(self) -> None:
        """End the workers; what is finished stays to be looked at.

        It counts as cancelled at once; compiling cannot be interrupted, so that goes on in the background to its end.
        """
        self._stop.set()
        if self.busy:
            compiling = self.progress.state == "running" and self.progress.done == 0 and bool(self.progress.doing)
            self.progress = self.progress._replace(state="cancelled", doing="what is being loaded or compiled ends by itself" * compiling)

    def drop(self) -> None:
        """End the workers and remove the folder. Returns at once; the thread does it within a second."""
        with self._lock:
            self._drop.set()
            self._stop.set()
            over = self._over
        if over:
            self._remove()

    def _run(self) -> None:
        state = "done"
        try:
            while not _turn.acquire(timeout=0.2):
                if self._stop.is_set():
                    raise Interrupted
            try:
                self._batch()
            finally:
                _turn.release()
        except Interrupted:
            state = "cancelled"
        except Exception as error:  # shown on the page
            state, self.error = "stopped", f"The ensemble stopped: {error}"
        self.progress = self.progress._replace(state=state, doing="")
        with self._lock:  # either this thread removes the folder or the one that drops it does
            self._over = True
            dropped = self._drop.is_set()
        if dropped:
            self._remove()
        self.told()

    def _batch(self) -> None:
        batch(
            [moved(one.settings, one.moves) for one in self.asked],
            **({"vary": "default", "draws": self.view.worlds} if self.view.vary else {"reps": self.view.worlds}),
            seed=self.seed,
            out=self.folder / "study",
            per_part=len(self.asked),
            workers=min(cores(), MOST_WORKERS, self.view.worlds),
            told=self._heard,
            stop=self._stop.is_set,
            nice=NICE,
        )

    def _heard(self, progress: Progress) -> None:
        # how it ended is told by `_run`, once the workers are gone
        if not self._stop.is_set():
            self.progress = progress if progress.state == "running" else progress._replace(state="running")
            self.told()

    def _remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        _running.discard(self)

    def join(self, seconds: float) -> None:
        """Wait until the thread has ended."""
        self.thread.join(seconds)


def close_ensembles() -> None:
    """End all ensembles of the server."""
    for one in list(_running):
        one.drop()
    for one in list(_running):
        one.join(5.0)


class Ensembles:
    """The ensemble of a session. `publish(text)` hands JSON to the page; `post` runs a function in the session's thread."""

    def __init__(self, serving: Serving, publish: Callable[[str], None], post: Post, news: Callable[[], None]):
        self.serving, self.publish, self.post, self.news = serving, publish, post, news
        self.now: Ensemble | None = None
        self._shown: Any = None

    def begin(self, asked: Asked) -> None:
        """Start the worlds that are asked for; an ensemble before it goes."""
        view = asked.view.ensemble
        self.end()
        try:
            wanted = wanted_of(view, asked, self.serving)
            self.now = Ensemble(wanted, view, asked.seed, lambda: self.post(lambda: self._progressed()))
        except Exception as error:
            self.publish(json.dumps({"error": f"These worlds cannot be started: {error}"}))
            return
        self._shown = None
        self.show(asked)

    def cancel(self) -> None:
        """End what is running; its finished worlds stay."""
        if self.now is not None:
            self.now.cancel()
            self._progressed()

    def end(self) -> None:
        """End what is running and remove it."""
        if self.now is not None:
            self.now.drop()
            self.now = None
            self._shown = None

    def fan(self, asked: Asked) -> Fan | None:
        """Return the band of the world on show, where worlds of it are finished: with its moves by hand, else without."""
        if self.now is None or not self.now.worlds.finished:
            return None
        digest = asked.settings.digest()
        for moves, word in ((asked.moves, ""), ((), " without moves")):
            if (digest, moves) in self.now.keys:
                return Fan(self.now.worlds, self.now.keys.index((digest, moves)), word)
        return None

    def _progressed(self) -> None:
        if self.now is None:
            return
        if self.now.worlds.read():
            self.news()
        if self._shown is not None:
            self.show(self._shown[0])

    def show(self, asked: Asked) -> None:
        """Show the state and the charts of a view, where the tab is looked at."""
        now = self.now
        if asked.view.tab != "ensemble":
            self._shown = (asked, None)
            return
        progress = now.progress if now is not None else None
        finished = now.worlds.finished if now is not None else 0
        state = (asked.view, finished, progress)
        if self._shown and self._shown[1] == state:
            return
        charts = self._shown[2] if self._shown and self._shown[1] and self._shown[1][:2] == state[:2] else self._charts(asked)
        self._shown = (asked, state, charts)
        told: dict[str, Any] = {"state": "none"}
        if now is not None and progress is not None:
            eta = None if progress.eta != progress.eta else round(progress.eta)
            told = {**progress._asdict(), "eta": eta, "worlds": finished, "titles": now.titles, "vary": now.view.vary, "seed": now.seed}
        self.publish(json.dumps({"progress": told, "charts": charts, "error": now.error if now is not None else ""}))

    def _charts(self, asked: Asked) -> dict[str, Any]:
        if self.now is None or not self.now.worlds.finished:
            return {}
        return ensemble_charts(catalog(), self.now.worlds, self.now.titles, asked.view)


def wanted_of(view: EnsembleView, asked: Asked, serving: Serving) -> list[Asking]:
    """Return the one or two scenarios of an ensemble."""
    names = list(dict.fromkeys(name for name in (view.scenario or asked.scenario, view.other) if name))
    return [asking(name, asked.settings, asked.moves, serving) for name in names]
