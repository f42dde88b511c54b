"""The guard: known hosts and our own pages only, a token where others may come, and so many sessions."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from wattrace.viz.live.guard import Guard
from wattrace.viz.live.server import is_loopback

HOST = "127.0.0.1:8765"


async def inner(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})
    else:
        await send({"type": "websocket.accept"})


def ask(kind="http", path="/", query=b"", token=None, living=(), most=3, **headers):
    """Return (status or message type, headers) of one request."""
    guard = Guard(inner, {HOST}, token, most, lambda: set(living))
    told = []

    async def send(message):
        told.append(message)

    async def receive():
        return {"type": f"{kind}.connect"}

    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in ({"host": HOST} | headers).items()]
    scope = {"type": kind, "path": path, "query_string": query, "headers": pairs}
    with ThreadPoolExecutor(1) as pool:  # in the main thread the browser's loop may be running
        pool.submit(asyncio.run, guard(scope, receive, send)).result()
    first = told[0]
    return first.get("status", first["type"]), dict(first.get("headers", []))


def test_our_own_host_and_origin_pass():
    assert ask()[0] == 200
    assert ask(origin=f"http://{HOST}")[0] == 200
    assert ask("websocket", "/jupyter/api/kernels/a/channels", origin=f"http://{HOST}")[0] == "websocket.accept"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1", "127.0.0.1:1", "", "127.0.0.1:8765.evil.example"])
def test_another_host_is_refused(host):
    assert ask(host=host)[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://", "http://127.0.0.1:8765.evil.example"])
def test_another_origin_is_refused_before_a_socket_opens(origin):
    assert ask(origin=origin)[0] == 403
    assert ask("websocket", "/jupyter/api/kernels/a/channels", origin=origin)[0] == "websocket.close"


def test_a_token_is_asked_for_and_kept_in_a_cookie():
    assert ask(token="secret", host="box.example")[0] == 403
    assert ask(token="secret", query=b"token=wrong", host="box.example")[0] == 403
    status, headers = ask(token="secret", query=b"token=secret", host="box.example")
    assert status == 200
    assert b"HttpOnly; SameSite=Strict" in headers[b"set-cookie"]
    assert ask(token="secret", host="box.example", cookie="wattrace-token=secret")[0] == 200
    assert ask("websocket", "/jupyter/api/kernels/a/channels", token="secret", host="box.example")[0] == "websocket.close"


def test_one_session_too_many_is_told_so_but_those_that_live_go_on():
    living = ("a", "b", "c")
    assert ask(living=living)[0] == 503
    assert ask("websocket", "/jupyter/api/kernels/d/channels", living=living)[0] == "websocket.close"
    assert ask("websocket", "/jupyter/api/kernels/a/channels", living=living)[0] == "websocket.accept"
    assert ask(path="/static/main.js", living=living)[0] == 200


def test_loopback_is_told_from_the_rest():
    assert all(map(is_loopback, ("127.0.0.1", "localhost", "::1", "127.8.8.8")))
    assert not any(map(is_loopback, ("0.0.0.0", "192.168.1.2", "::", "box.example", "")))
