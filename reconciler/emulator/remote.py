"""Everything that one running remote consists of, behind one lock; the rooms that serve requests share it."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.emulator.audit import Actor, person
from reconciler.emulator.documents import BrokenState, Document
from reconciler.emulator.faults import Faults
from reconciler.emulator.settings import Settings
from reconciler.emulator.state import Store
from reconciler.emulator.tokens import Tokens
from reconciler.emulator.web.visit import Visit

_MOST_STATE = 64 * 1024 * 1024


class Remote:
    """Store, tokens, settings, faults and logs of one remote.

    The server's thread and the embedding program's both work on it: hold `lock` for more than one step.
    """

    def __init__(self, state_file: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.settings = Settings()
        self.store = Store()
        self.tokens = Tokens()
        self.faults = Faults()
        self.requests: list[dict[str, Any]] = []
        """Every API and login request in the order of arrival; see `api.py` for the fields."""
        self.handshakes: list[dict[str, Any]] = []
        """Every WebSocket upgrade request: host, path, origin, status (None while silent), at.

        Of a guest socket also `deployment` (id) and `said`, the actions of its messages in their order.
        """
        self.stopping = asyncio.Event()
        self.state_file = state_file
        if state_file is not None and state_file.exists():
            self.store.load(load_state(state_file))

    def flaw_of(self, host: str) -> str | None:
        """Say what is wrong with the certificate of a host."""
        return self.settings.certificates.get(host)

    def edit(self, entity: str, patch: Mapping[str, Any], user: str = "Dana") -> Document:
        """Change an object as that person would in the console: by a merge patch, past the API."""
        with self.lock:
            if entity in self.store.web:
                document = self.store.web.edit(entity, patch, self.visit(person(user)))
            else:
                document = self.store.channels.edit(entity, patch, person(user), datetime.now(UTC))
            self.save()
        return document

    def publish(self, entity: str, user: str = "Dana") -> Document:
        """Publish the draft of a configuration as that person would in the console."""
        with self.lock:
            document = self.store.web.configurations.publish(entity, self.visit(person(user)))
            self.save()
        return document

    def delete(self, entity: str, user: str = "Dana") -> None:
        """Delete an object as that person would in the console."""
        with self.lock:
            if entity in self.store.web:
                self.store.web.remove(entity, self.visit(person(user)))
            else:
                self.store.channels.remove(entity, person(user), datetime.now(UTC))
            self.save()

    def visit(self, actor: Actor) -> Visit:
        """Make a visit to web messaging, now and under the rules that hold."""
        return Visit(actor, datetime.now(UTC), self.settings.web)

    def save(self) -> None:
        """Write the state file, if there is one, in one piece."""
        if self.state_file is None:
            return
        with self.lock:
            write_private(self.state_file, json.dumps(self.store.document(), indent=1))

    async def pause(self, seconds: float) -> None:
        """Wait, but not longer than the server runs."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)


def load_state(file: Path) -> object:
    """Read a state file; BrokenState where it holds no JSON."""
    if file.stat().st_size > _MOST_STATE:
        raise BrokenState(
            file.stat().st_size, f"the length of the state file {file}", f"at most {_MOST_STATE}"
        )
    try:
        return json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BrokenState(
            str(error), f"the state file {file}", "JSON (repair it, or name another)"
        ) from error


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read.

    Whoever reads it sees the old text or the new one, never a part.
    """
    # `mkstemp` makes the file with mode 0600.
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
