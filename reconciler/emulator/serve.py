"""Puts a remote on a real TLS socket of the loopback interface, in a thread, and takes it down promptly.

with Emulator() as emulator:
    emulator.seed({"id": "…", …})
    subprocess.run([…], env=os.environ | emulator.environment())
    assert emulator.requests[-1]["status"] == 200
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from reconciler.emulator.certificates import Certificates
from reconciler.emulator.documents import BrokenState, Document
from reconciler.emulator.faults import Fault, Faults
from reconciler.emulator.remote import Remote, write_private
from reconciler.emulator.settings import Settings
from reconciler.emulator.sockets import HOST, listen, serve
from reconciler.emulator.state import Store
from reconciler.emulator.tokens import OAuthClient, Tokens

__all__ = ["BrokenState", "Emulator", "run_until_signal"]


class Emulator:
    """One remote, answering from `__enter__` to `__exit__`; port 0 is any free one.

    The state file is read by the constructor (BrokenState where it cannot be), and written after each
    commit and at the end.
    """

    def __init__(self, port: int = 0, state_file: Path | None = None) -> None:
        self.remote = Remote(state_file)
        self.client: OAuthClient = self.remote.tokens.add_client("reconciler")
        """The OAuth client whose credentials are in `environment()`; it may do everything."""
        self.port = port
        """The port that was asked for; once the remote runs, the one it has."""
        self.ca_file: Path
        """The throw-away CA's certificate; there while the remote runs."""
        self.lock = self.remote.lock
        """To be held for anything of more than one step on the attributes below."""
        self._certificates = Certificates(self.remote.flaw_of)

    @property
    def url(self) -> str:
        """Base URL of the API, the login and the control requests."""
        return f"https://{HOST}:{self.port}"

    @property
    def store(self) -> Store:
        """Channels, webhooks, their audit log, and web messaging (`store.web`)."""
        return self.remote.store

    @property
    def tokens(self) -> Tokens:
        """OAuth clients and their tokens; `tokens.expire_all()`, `tokens.add_client(name, permissions)`."""
        return self.remote.tokens

    @property
    def settings(self) -> Settings:
        """Limits, and what is wrong with named hosts; may be set while the remote runs."""
        return self.remote.settings

    @property
    def faults(self) -> Faults:
        """The scheduled misbehaviour."""
        return self.remote.faults

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The request log, oldest first; `api.py` lists the fields."""
        return self.remote.requests

    @property
    def handshakes(self) -> list[dict[str, Any]]:
        """The log of WebSocket upgrade requests, oldest first."""
        return self.remote.handshakes

    def environment(self, client: OAuthClient | None = None) -> dict[str, str]:
        """Give the variables that point the tool at this remote, as this client (default: `client`)."""
        who = client or self.client
        return {
            "GENESYS_CLIENT_ID": who.id,
            "GENESYS_CLIENT_SECRET": who.secret,
            "GENESYS_ENV_URL": self.url,
            "SSL_CERT_FILE": str(self.ca_file),
            "RECONCILER_ALLOW_HOSTS": f"{HOST}:{self.port},localhost:{self.port}",
            # As in curl, an empty host and port stand for any: every endpoint is led to this remote.
            "RECONCILER_CONNECT_TO": f"::{HOST}:{self.port}",
        }

    def seed(self, *channels: Mapping[str, Any]) -> None:
        """Put channels in, as they are, without a trace in the audit log."""
        with self.lock:
            self.store.channels.load(channels)

    def seed_configuration(
        self, *versions: Mapping[str, Any], entity: str | None = None, draft: Mapping[str, Any] | None = None
    ) -> str:
        """Put a web-messaging configuration in, settled and without a trace, and give its id.

        `versions` are what was published as "1", "2", …; the draft equals the last of them, or is `draft`.
        """
        with self.lock:
            contents = [dict(version) for version in versions]
            return self.store.web.seed_configuration(contents, entity, None if draft is None else dict(draft))

    def seed_deployment(self, deployment: Mapping[str, Any]) -> str:
        """Put a web-messaging deployment in, settled, on the CDN and without a trace, and give its id.

        It needs `name` and `configuration` (`id`, `version`); `status` is Active where it is left out.
        """
        with self.lock:
            return self.store.web.seed_deployment(deployment)

    def edit(self, entity: str, patch: Mapping[str, Any], user: str = "Dana") -> Document:
        """Change a channel, a deployment or a configuration's draft as that person would in the console.

        The patch is a JSON merge patch.
        """
        return self.remote.edit(entity, patch, user)

    def publish(self, entity: str, user: str = "Dana") -> Document:
        """Publish the draft of a configuration as that person would in the console."""
        return self.remote.publish(entity, user)

    def delete(self, entity: str, user: str = "Dana") -> None:
        """Delete a channel, a deployment or a configuration as that person would in the console."""
        self.remote.delete(entity, user)

    def add_fault(self, fault: Mapping[str, Any]) -> Fault:
        """Schedule misbehaviour, as described in `faults.py`; Unfit says what is wrong with it."""
        with self.lock:
            return self.faults.add(fault)

    def clear(self) -> None:
        """Forget the logs and the faults; state, settings and tokens stay."""
        with self.lock:
            self.requests.clear()
            self.handshakes.clear()
            self.faults.clear()

    def __enter__(self) -> Self:
        # A state file that cannot be written is told now, not at the first commit.
        self.remote.save()
        started: Future[Callable[[], object]] = Future()
        with ExitStack() as closing:
            listener = closing.enter_context(listen(self.port))
            self.port = listener.getsockname()[1]
            folder = closing.enter_context(tempfile.TemporaryDirectory(prefix="reconciler-emulator-"))
            self.ca_file = Path(folder) / "ca.pem"
            self._certificates.write_authority(self.ca_file)
            context = self._certificates.listening_context()
            threads = closing.enter_context(ThreadPoolExecutor(1, thread_name_prefix="emulator"))
            self._running = threads.submit(asyncio.run, serve(self.remote, listener, context, started))
            first: tuple[Future[Any], ...] = (self._running, started)
            wait(first, return_when=FIRST_COMPLETED)
            if not started.done():
                self._running.result()
            closing.callback(started.result())
            self._closing = closing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()
        self.remote.save()
        # A server that broke down would otherwise look like one that was never asked.
        self._running.result()


def run_until_signal(
    port: int, state_file: Path | None, env_file: Path | None, announce: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM; call it in the main thread.

    Once the remote answers, the variables that point at it are written to `env_file` (mode 0600) and
    announced, one `NAME=value` a line. Raises OSError where the port is taken or a file cannot be written,
    BrokenState where the state file holds none.
    """
    asyncio.run(_until_signal(Emulator(port, state_file), env_file, announce))


async def _until_signal(emulator: Emulator, env_file: Path | None, announce: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with emulator:
        lines = [f"{name}={value}" for name, value in emulator.environment().items()]
        if env_file is not None:
            write_private(env_file, "\n".join(lines) + "\n")
        for line in lines:
            announce(line)
        await stop.wait()
