"""Serve the live page on this machine."""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
import sys
import threading
import warnings
import webbrowser
from collections.abc import Callable
from typing import Any

from .settings import Serving, prepare

CULL_S = 60  # a browser on this machine that was killed is forgotten after that long
SWITCH_S = 0.001  # a frame that is ready waits no longer than that for another session's month


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def free_port(host: str, wanted: int | None) -> int:
    """Return the wanted port, or one that is free. Raises OSError where the wanted one is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, wanted or 0))
        return int(probe.getsockname()[1])


def serve(
    serving: Serving, host: str = "127.0.0.1", port: int | None = None, browser: bool = True, ready: Callable[[str], Any] = print
) -> None:
    """Serve until interrupted. `ready(address)` is called when the page can be opened."""
    if is_loopback(host):  # nobody closes a laptop between this browser and this server
        os.environ.setdefault("SOLARA_KERNEL_CULL_TIMEOUT", f"{CULL_S}s")
    prepare(serving)
    from ...scenarios.read import load_scenario
    from .catalog import catalog
    from .ensemble import close_ensembles
    from .forecast import close_forecaster, forecaster
    from .timeline import warm

    # Solara means pages inside other pages, which the guard refuses
    warnings.filterwarnings("ignore", message="Cookies with samesite=none", category=UserWarning)
    port = free_port(host, port)
    token = None if is_loopback(host) else secrets.token_urlsafe(24)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/" + (f"?token={token}" if token else "")
    settings = load_scenario(next(iter(serving.scenarios.values())))
    settings = settings.between(None, serving.until) if serving.until else settings
    forecaster().warm(settings)  # it starts while we open the first world here
    server = _server(serving, host, port, token)
    catalog()  # what the first reader would wait for
    warm(settings)
    sys.setswitchinterval(SWITCH_S)
    thread = threading.Thread(target=_tell, args=(server, address, browser, ready), daemon=True)
    thread.start()
    try:
        server.run()
    finally:
        close_ensembles()
        close_forecaster()


def _server(serving: Serving, host: str, port: int, token: str | None) -> Any:
    """Return Solara's application behind our guard, in a server of its own."""
    import uvicorn
    from solara.server import kernel_context
    from solara.server.starlette import app

    from .guard import Guard

    hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]", host)}
    guarded = Guard(app, hosts, token, serving.most_sessions, lambda: set(kernel_context.contexts))
    config = uvicorn.Config(
        guarded, host=host, port=port, log_level="error", access_log=False, loop="asyncio", timeout_graceful_shutdown=2, lifespan="on",
        ws_per_message_deflate=token is not None,  # on this machine packing takes longer than sending
    )  # fmt: skip
    return uvicorn.Server(config)


def _tell(server: Any, address: str, browser: bool, ready: Callable[[str], Any]) -> None:
    while not server.started:
        if server.should_exit:
            return
        threading.Event().wait(0.05)
    ready(address)
    if browser:
        webbrowser.open(address)
