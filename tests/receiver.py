"""A monitor on loopback that takes what it is told over TLS, and answers as a test wants it to."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme


@dataclass
class Told:
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Monitor:
    """What came, and what is answered: the statuses one after the other, then the last one for ever."""

    port: int
    answers: list[int] = field(default_factory=lambda: [204])
    told: list[Told] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address; the host must be allowed, since it is loopback."""
        return f"https://localhost:{self.port}/hooks/reconciler"


@contextmanager
def monitor(ca_file: Path) -> Iterator[Monitor]:
    """Run a monitor whose authority is added to this file of authorities."""
    authority = trustme.CA()
    with ca_file.open("ab") as file:
        file.write(authority.cert_pem.bytes())
    one = Monitor(0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(one))
    one.port = server.server_address[1]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _handler(one: Monitor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            one.told.append(Told(self.path, dict(self.headers), body))
            status = one.answers.pop(0) if len(one.answers) > 1 else one.answers[0]
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "https://localhost:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
