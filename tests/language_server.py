"""A language server on a pipe: just enough of the protocol to open files and ask."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from queue import Empty, Queue
from typing import Any

SECONDS = 30.0
SETTINGS = {
    "validate": True,
    "hover": True,
    "completion": True,
    "schemaStore": {"enable": False},
    "schemas": {},
}


class LanguageServer:
    """yaml-language-server, asked about files of one folder."""

    def __init__(self, node: str, server: Path, folder: Path) -> None:
        self._process = subprocess.Popen(
            [node, str(server), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._answers: dict[int, Queue[Any]] = {}
        self._diagnostics: Queue[Any] = Queue()
        self._number = 0
        threading.Thread(target=self._listen, daemon=True).start()
        root = folder.as_uri()
        capabilities = {
            "workspace": {"configuration": True},
            "textDocument": {"hover": {"contentFormat": ["plaintext"]}, "completion": {"completionItem": {}}},
        }
        self.ask("initialize", {"processId": None, "rootUri": root, "capabilities": capabilities})
        self._tell("initialized", {})

    def __enter__(self) -> LanguageServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def diagnostics(self, path: Path) -> list[dict[str, Any]]:
        """Open a file and give what is flagged in it."""
        item = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": path.read_text()}
        self._tell("textDocument/didOpen", {"textDocument": item})
        while True:
            told = self._diagnostics.get(timeout=SECONDS)
            if told["uri"] == path.as_uri():
                return list(told["diagnostics"])

    def labels(self, path: Path, line: int, character: int) -> list[str]:
        """Give what is offered at a place of an open file."""
        found = self.ask("textDocument/completion", self._place(path, line, character))
        return [item["label"] for item in (found or {"items": []})["items"]]

    def hover(self, path: Path, line: int, character: int) -> str:
        """Give what is said of a place of an open file."""
        found = self.ask("textDocument/hover", self._place(path, line, character))
        return str(found["contents"]["value"]) if found else ""

    def ask(self, method: str, parameters: Any) -> Any:
        """Ask, and wait for the answer."""
        self._number += 1
        self._answers[self._number] = Queue()
        self._send({"id": self._number, "method": method, "params": parameters})
        try:
            return self._answers[self._number].get(timeout=SECONDS)
        except Empty:
            raise TimeoutError(method) from None

    @staticmethod
    def _place(path: Path, line: int, character: int) -> dict[str, Any]:
        return {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": character}}

    def _tell(self, method: str, parameters: Any) -> None:
        self._send({"method": method, "params": parameters})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream
        while head := stream.readline():
            length = int(head.split(b":")[1])
            while stream.readline().strip():
                pass
            self._hear(json.loads(stream.read(length)))

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("method") == "workspace/configuration":
            known = {"yaml": SETTINGS}
            answer = [known.get(item.get("section"), {}) for item in message["params"]["items"]]
            self._send({"id": message["id"], "result": answer})
        elif message.get("method") == "textDocument/publishDiagnostics":
            self._diagnostics.put(message["params"])
        elif "method" in message and "id" in message:
            self._send({"id": message["id"], "result": None})
        elif "id" in message:
            self._answers[message["id"]].put(message.get("result"))
