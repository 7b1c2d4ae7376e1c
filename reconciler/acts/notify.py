"""Tell monitors of a run: signed as Standard Webhooks says, tried a few times, never part of the run's outcome.

Addresses are bound as those of probes: a name is resolved once, every address it has must be public unless the
operator allowed the host, and the request goes to an address that was judged.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from reconciler import __version__
from reconciler.clock import Clock
from reconciler.model import Delivery, JsonObject, Receiver
from reconciler.probe.address import resolve
from reconciler.probe.journey import Stopped
from reconciler.probe.rules import Destination, is_allowed
from reconciler.report.event import CONTENT_TYPES, is_problem, message_body, message_id
from reconciler.settings import Settings
from reconciler.transport import Reply, TransportError, WriteTransport

ATTEMPTS = 3
SECONDS = 10.0
"""The most that one attempt may take."""
ALL_SECONDS = 30.0
"""The most that all receivers together may take."""
PAUSE_SECONDS = 1.0
"""Before the second attempt; doubled before each further one, and stretched by chance."""
ANSWER_BYTES = 64 * 1024
AGAIN = frozenset({408, 425, 429})
"""Answers below 500 after which the same request may go better."""


async def tell(
    receivers: Sequence[Receiver],
    record: JsonObject,
    settings: Settings,
    clock: Clock,
    seconds: float = ALL_SECONDS,
) -> tuple[Delivery, ...]:
    """Tell every receiver that wants to know of this run, all at once; an outcome each, and no error."""
    wanted = [one for one in receivers if is_problem(record) or not one.problems_only]
    if not wanted:
        return ()
    async with WriteTransport(
        ca_file=settings.ca_file,
        connections=len(wanted),
        timeout_seconds=min(SECONDS, seconds),
        body_limit=ANSWER_BYTES,
    ) as transport:
        telling = (_tell(transport, one, record, settings, clock, seconds) for one in wanted)
        return tuple(await asyncio.gather(*telling))


def sign(key: bytes, message: str, when: datetime, body: bytes) -> str:
    """Sign a message as Standard Webhooks does: `v1,` and the HMAC-SHA256 over id, time and body."""
    signed = f"{message}.{int(when.timestamp())}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


async def _tell(
    transport: WriteTransport,
    receiver: Receiver,
    record: JsonObject,
    settings: Settings,
    clock: Clock,
    seconds: float,
) -> Delivery:
    attempts = _Attempts(transport, receiver, record, clock)
    url = urlsplit(receiver.url)
    host, port = url.hostname or "", url.port or 443
    try:
        async with asyncio.timeout(seconds):
            destination = Destination(host, port, trusted=is_allowed(host, port, settings.allow_hosts))
            address = (await resolve(destination))[0]
            await attempts.make((address.host, port))
    except TimeoutError:
        attempts.reason = f"it took longer than {seconds:g} s; the run did not wait for it"
    except Stopped as error:
        attempts.reason = str(error)
    return Delivery(
        name=receiver.name,
        host=host,
        delivered=attempts.delivered,
        attempts=attempts.made,
        status=attempts.status,
        reason=None if attempts.delivered else attempts.reason,
    )


class _Attempts:
    """The attempts to tell one receiver, with what has come of them so far."""

    def __init__(
        self, transport: WriteTransport, receiver: Receiver, record: JsonObject, clock: Clock
    ) -> None:
        self.transport = transport
        self.receiver = receiver
        self.message = message_id(record)
        self.body = message_body(record, receiver.template)
        self.clock = clock
        self.made = 0
        self.status: int | None = None
        self.delivered = False
        self.reason = "it was never begun"

    async def make(self, at: tuple[str, int]) -> None:
        """Try until it is taken, or another attempt would not help."""
        for number in range(ATTEMPTS):
            if number:
                await self.clock.sleep(PAUSE_SECONDS * 2 ** (number - 1) * (1 + self.clock.chance()))
            if await self._attempt(at):
                return

    async def _attempt(self, at: tuple[str, int]) -> bool:
        """Try once; say whether that settles it."""
        self.made += 1
        self.status = None
        try:
            reply = await self.transport.post(self.receiver.url, self._headers(), self.body, at=at)
        except TransportError as error:
            self.reason = error.reason
            return error.lasting
        return self._judge(reply)

    def _judge(self, reply: Reply) -> bool:
        self.status = reply.status
        self.delivered = 200 <= reply.status < 300
        self.reason = f"it answered {reply.status}; look at what receives there"
        return self.delivered or (reply.status < 500 and reply.status not in AGAIN)

    def _headers(self) -> dict[str, str]:
        now = self.clock.now()
        headers = {
            "Content-Type": CONTENT_TYPES[self.receiver.template],
            "User-Agent": f"genesys-reconciler/{__version__}",
            "webhook-id": self.message,
            "webhook-timestamp": str(int(now.timestamp())),
        }
        if self.receiver.key:
            headers["webhook-signature"] = sign(self.receiver.key, self.message, now, self.body)
        return headers


def told_in(record: JsonObject, deliveries: Sequence[Delivery]) -> dict[str, Any]:
    """Add to a record who was told; nothing where nobody was to be."""
    from reconciler.report.event import deliveries_document

    return {**record, "notifications": deliveries_document(deliveries)} if deliveries else dict(record)
