"""One message per frame: what many widgets have to tell the browser travels together.

Each message on its own would wait for the server's loop, and the browser would draw the page once per message.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ipyvue

_mine = threading.local()


class Bundled(ipyvue.VueTemplate):
    """A widget whose changes wait for the bundle of its thread, where one is open."""

    carries = False  # whether its Vue file has the method `jupyter_bundle`
    heard = False  # whether the browser has answered through it: before, it may not be there yet, and a bundle would be lost

    def _send(self, msg: dict[str, Any], buffers: Any = None) -> None:
        waiting = getattr(_mine, "waiting", None)
        if waiting is None or buffers or msg.get("method") != "update":
            super()._send(msg, buffers=buffers)
        else:
            waiting.append((self, msg))

    def _send_now(self, msg: dict[str, Any]) -> None:
        super()._send(msg)


@contextmanager
def bundle() -> Iterator[None]:
    """Keep back the changes of this thread's widgets and send them in one message at the end.

    The message goes through the widget among them that carries; without one each goes alone.
    """
    if getattr(_mine, "waiting", None) is not None:  # the outermost sends
        yield
        return
    waiting: list[tuple[Bundled, dict[str, Any]]] = []
    _mine.waiting = waiting
    try:
        yield
    finally:
        _mine.waiting = None
        _deliver(waiting)


def _deliver(waiting: list[tuple[Bundled, dict[str, Any]]]) -> None:
    living = [(widget, msg) for widget, msg in waiting if widget.comm is not None]  # others were closed by the same change
    carrier = next((widget for widget, _ in living if widget.carries and widget.heard), None)
    if carrier is None:
        for widget, msg in living:
            widget._send_now(msg)
        return
    states = [[widget.model_id, msg["state"]] for widget, msg in living]
    carrier._send_now({"method": "custom", "content": {"method": "bundle", "args": [states]}})
