"""A session's thread stands in Solara's book only while it hands something over, so that both may end at one moment."""

from __future__ import annotations

import asyncio
import threading
import uuid
from typing import Any

import pytest

pytest.importorskip("solara.server.kernel_context")
from reacton.core import get_render_context
from solara.server.kernel import Kernel
from solara.server.kernel_context import VirtualKernelContext, current_context, get_current_context, get_thread_key
from wattrace.viz.live.frames import Frame
from wattrace.viz.live.page import Session
from wattrace.viz.live.settings import Serving
from wattrace.viz.live.view import read_address


def test_the_thread_of_a_session_is_in_no_kernel_but_while_it_shows():
    import solara
    import solara.server.app  # as in a server: threads are kept book of
    asyncio.set_event_loop(asyncio.new_event_loop())  # a kernel asks for the one of its thread
    kernel = VirtualKernelContext(str(uuid.uuid4()), Kernel(), "session")
    asked, _ = read_address("", Serving({"baseline": "baseline"}, until="2026-03"))
    seen: dict[str, Any] = {}
    with kernel:
        frame = solara.reactive(Frame())

        @solara.component
        def Nothing():
            seen["session"] = solara.use_memo(lambda: Session(frame, asked, get_render_context()), [])
            return solara.Text(frame.value.headline)

        _, render = solara.render(Nothing(), handle_error=False)
        session = seen["session"]
        shown, leave = threading.Event(), threading.Event()

        def work() -> None:
            seen["before"] = current_context.get(get_thread_key(threading.current_thread()))
            session.show(Frame(headline="here"))
            with session.within():
                seen["within"] = get_current_context()
            seen["after"] = current_context.get(get_thread_key(threading.current_thread()))
            shown.set()
            leave.wait(10)

        session.runner.run = work
        session.runner.thread._target = work
        session.runner.start()
        assert shown.wait(10)
        assert seen["before"] is None
        assert seen["within"] is kernel
        assert seen["after"] is None
        assert frame.value.headline == "here"
        assert kernel not in [kept for key, kept in current_context.items() if "wattrace-session" in key]
        leave.set()
        session.runner.thread.join(10)
        render.close()
    kernel.close()
