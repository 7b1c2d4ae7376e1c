"""The smallest remote that a whole apply can be played against, some milliseconds away, in a process of its own.

    python distant.py LIVE SECONDS [CERTIFICATE]

Prints its port, serves until its input ends, and then prints how many writes it took, how many connections, and the
seconds between the first write and the last answer to one. It costs a tenth of what the emulator costs, so that what
is measured is the tool.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

LIST = "/api/v2/webchat/channels"
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"


class Remote:
    """Channels, and what was asked of them."""

    def __init__(self, documents: list[dict[str, Any]], seconds: float) -> None:
        self.documents = {document["id"]: {**document, "version": 3} for document in documents}
        self.seconds = seconds
        self.writes = 0
        self.connections = 0
        self.began = 0.0
        self.ended = 0.0

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[str, Any]:
        """Give further headers and the document."""
        parts = urlsplit(target)
        if method == "POST":
            return "", {"access_token": "bench", "token_type": "bearer", "expires_in": 86_399}
        if method == "PUT":
            return self.write(parts.path.rpartition("/")[2], headers, json.loads(body))
        if parts.path != LIST:
            return "", {"entities": [], "pageSize": 100, "pageNumber": 1, "total": 0, "pageCount": 0}
        number = int(parse_qs(parts.query)["pageNumber"][0])
        entities = list(self.documents.values())
        page = {
            "entities": entities[(number - 1) * 100 : number * 100],
            "pageSize": 100,
            "pageNumber": number,
        }
        return "", {**page, "total": len(entities), "pageCount": -(-len(entities) // 100)}

    def write(self, id_: str, headers: dict[str, str], document: dict[str, Any]) -> tuple[str, Any]:
        """Replace a channel, at the version that the request names."""
        version = self.documents[id_]["version"]
        if headers["if-match"].strip('"') != str(version):
            raise SystemExit("the write names another version than the one that is live")
        self.documents[id_] = {**document, "version": version + 1}
        return f'ETag: "{version + 1}"\r\n', self.documents[id_]


class Talk(asyncio.Protocol):
    """One connection."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self.buffer = b""
        remote.connections += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whom to answer."""
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Answer a request once it is whole."""
        self.buffer += data
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self.buffer = rest[length:]
        method, target, _ = first.split(" ")
        if method == "PUT":
            self.remote.began = self.remote.began or time.perf_counter()
        more, document = self.remote.answer(method, target, headers, rest[:length])
        text = json.dumps(document).encode()
        reply = (HEAD.format(len(text)) + more + "\r\n").encode() + text
        asyncio.get_running_loop().call_later(self.remote.seconds, self.send, method, reply)

    def send(self, method: str, reply: bytes) -> None:
        """Send an answer that has come from afar."""
        self.transport.write(reply)
        if method == "PUT":
            self.remote.writes += 1
            self.remote.ended = time.perf_counter()


async def main() -> None:
    """Serve."""
    remote = Remote(json.loads(Path(sys.argv[1]).read_text()), float(sys.argv[2]))  # noqa: ASYNC240 - before it serves
    context = None
    if len(sys.argv) > 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Talk(remote), "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps([remote.writes, remote.connections, remote.ended - remote.began]), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
