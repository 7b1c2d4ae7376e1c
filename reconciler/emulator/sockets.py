"""Sockets: uvicorn's connections around the rooms that answer, without its server, which stops too slowly."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import cast

from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from reconciler.emulator.api import Api
from reconciler.emulator.control import PREFIX, Control
from reconciler.emulator.endpoint import Endpoint
from reconciler.emulator.remote import Remote

HOST = "127.0.0.1"
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_BACKLOG = 1024
_PATIENCE_SECONDS = 0.5


async def serve(
    remote: Remote, listener: socket.socket, context: ssl.SSLContext, started: Future[Callable[[], object]]
) -> None:
    """Answer until told to stop; `started` gets the function that tells, to be called from any thread."""
    loop = asyncio.get_running_loop()
    config, state = make_config(remote), ServerState()
    server = await loop.create_server(
        lambda: Connection(config, state, {}),
        sock=listener,
        ssl=context,
        ssl_handshake_timeout=10,
        ssl_shutdown_timeout=1,
        backlog=_BACKLOG,
    )
    started.set_result(partial(loop.call_soon_threadsafe, remote.stopping.set))
    await remote.stopping.wait()
    server.close()
    await end(state)


def listen(port: int) -> socket.socket:
    """Bind a port of the loopback interface; OSError where it is taken."""
    # Of a socket that does not name its protocol, as `socket.create_server` makes it, asyncio does not know
    # that it is TCP, and leaves Nagle's algorithm on, which holds every answer back for 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


class Connection(H11Protocol):
    """uvicorn's HTTP connection, which also hands itself to whoever answers, so that it can be cut."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection where requests, and the WebSocket protocol after an upgrade, find it."""
        super().connection_made(cast("asyncio.Transport", transport))
        self.app_state = {"transport": transport}


def make_config(remote: Remote) -> Config:
    """Make uvicorn's settings around the routes; the log settings of the program are left alone."""
    api, control, endpoint = Api(remote), Control(remote), Endpoint(remote)
    app = Starlette(
        routes=[
            Route(PREFIX + "{rest:path}", control.__call__, methods=_METHODS),
            Route("/{rest:path}", api.__call__, methods=_METHODS),
            WebSocketRoute("/{rest:path}", endpoint.__call__),
        ]
    )
    config = Config(
        app,
        ws="websockets-sansio",
        ws_max_size=64 * 1024,
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=60,
    )
    config.load()
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    return config


def _is_news(record: logging.LogRecord) -> bool:
    """Pass over what uvicorn says of every refused upgrade, although the answer went out whole."""
    return record.getMessage() != "ASGI callable returned without completing handshake."


async def end(state: ServerState) -> None:
    """Cut every connection and let the tasks that served them find out.

    uvicorn's own way waits for the clients.
    """
    for connection in list(state.connections):
        connection.transport.abort()
    tasks = list(state.tasks)
    if tasks:
        await asyncio.wait(tasks, timeout=_PATIENCE_SECONDS)
    # One more round of the loop, in which the sockets of the connections just cut are closed.
    await asyncio.sleep(0)
