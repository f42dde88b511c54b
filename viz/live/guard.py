"""What stands in front of the server: only known hosts, only our own pages, only so many sessions."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
COOKIE = "wattrace-token"
_KERNEL = re.compile(r"/jupyter/api/kernels/([^/]+)/")
_FREE = ("/readyz",)


class Guard:
    """An ASGI application around another one.

    `hosts` are the values of the Host header that are answered ("127.0.0.1:8765"); with a `token` any host is, to those who
    bring the token in the address (it is kept in a cookie then). A page of another origin is refused, so is a session more
    than `most_sessions`; `sessions` returns the ids of those that live.
    """

    def __init__(self, app: Any, hosts: set[str], token: str | None, most_sessions: int, sessions: Callable[[], set[str]]):
        self.app, self.hosts, self.token = app, hosts, token
        self.most_sessions, self.sessions = most_sessions, sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(scope, receive, send, *refusal)
            return
        await self.app(scope, receive, self._with_token(scope, send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return (status, text) where a request is refused."""
        headers = {}
        for name, value in scope["headers"]:
            if name in headers and name in (b"host", b"origin"):
                return 403, "This server is asked for under two names at once."
            headers[name] = value
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if self.token is None and host not in self.hosts:
            return 403, "This server answers under its own name only, e.g. http://127.0.0.1 and its port."
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1").lower() not in (f"http://{host}", f"https://{host}"):
            return 403, "Pages of another origin may not talk to this server."
        if headers.get(b"sec-fetch-site") == b"cross-site" and scope["type"] == "websocket":
            return 403, "Pages of another origin may not talk to this server."
        if self.token is not None and scope["path"] not in _FREE and not self._brings_token(scope, headers):
            return 403, "A token is needed: open the address that was printed when the server started."
        return self._full(scope)

    def _brings_token(self, scope: Scope, headers: dict[bytes, bytes]) -> bool:
        token = self.token or ""
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        try:
            cookie = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1")).get(COOKIE)
        except CookieError:
            cookie = None
        kept = cookie.value if cookie is not None else ""
        return any(hmac.compare_digest(text.encode(), token.encode()) for text in (given, kept))

    def _full(self, scope: Scope) -> tuple[int, str] | None:
        match = _KERNEL.match(scope["path"]) if scope["type"] == "websocket" else None
        page = scope["type"] == "http" and scope["path"] == "/"
        if not match and not page:
            return None
        living = self.sessions()
        if len(living) < self.most_sessions or (match and match[1] in living):
            return None
        return 503, f"{self.most_sessions} sessions are open, which is all this server allows. Close one and load this page again."

    def _with_token(self, scope: Scope, send: Send) -> Send:
        """Return `send` that keeps a token brought by the address in a cookie, and adds headers that every page gets."""
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0] if self.token else ""

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                extra = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"), (b"x-frame-options", b"DENY")]
                if self.token and asked and hmac.compare_digest(asked.encode(), self.token.encode()):
                    extra.append((b"set-cookie", f"{COOKIE}={self.token}; HttpOnly; SameSite=Strict; Path=/".encode()))
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        return sending


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, text: str) -> None:
    kind = scope["type"]
    if kind == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await receive()
        await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the server answers 403
        return
    body = text.encode()
    head = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    name = "http.response" if kind == "http" else "websocket.http.response"
    await send({"type": f"{name}.start", "status": status, "headers": head})
    await send({"type": f"{name}.body", "body": body})
