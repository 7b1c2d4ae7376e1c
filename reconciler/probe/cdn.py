"""What browsers load for a deployment: the public config.json, asked for until it serves what was pinned."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reconciler.model import Probe, Stage, Verdict
from reconciler.probe.address import resolve
from reconciler.probe.journey import Journey, Stopped
from reconciler.probe.rules import choose_destination
from reconciler.probe.words import overdue_words
from reconciler.report.escape import shown
from reconciler.transport import ReadTransport, TransportError

if TYPE_CHECKING:
    from reconciler.model import Served, Target
    from reconciler.probe.address import Names
    from reconciler.probe.rules import ProbeRules
    from reconciler.transport import Reply

BODY_LIMIT = 1024 * 1024
PAUSE = 0.5
LONGEST_PAUSE = 5.0


async def probe_config(
    target: Target, wanted: Served, rules: ProbeRules, names: Names | None = None
) -> Probe:
    """Ask until the file shows the pinned version and the status, or the time for that is over.

    Accepted means served as wanted, refused means that something else is served.
    """
    journey = Journey(rules.phase_seconds, asyncio.timeout(None))
    try:
        async with journey.deadline:
            verdict, words = await _ask(target, wanted, rules, journey, names)
    except TimeoutError:
        host = urlsplit(target.url).hostname or ""
        verdict = Verdict.UNREACHABLE
        words = overdue_words(journey.phase or "serve", host, rules.phase_seconds)
    journey.stop()
    return Probe(
        target=target,
        observed=verdict,
        ok=verdict is Verdict.ACCEPTED,
        stage=Stage.SERVED if verdict is Verdict.ACCEPTED else journey.stage,
        reason=None if verdict is Verdict.ACCEPTED else words,
        seconds=sum(journey.phases.values()),
        phases=journey.phases,
        address=journey.address,
        found=words if verdict is Verdict.ACCEPTED else None,
    )


async def _ask(
    target: Target, wanted: Served, rules: ProbeRules, journey: Journey, names: Names | None
) -> tuple[Verdict, str]:
    ends = asyncio.get_running_loop().time() + rules.cdn_seconds
    pause = PAUSE
    async with ReadTransport(
        ca_file=rules.ca_file,
        connections=1,
        timeout_seconds=rules.phase_seconds,
        body_limit=BODY_LIMIT,
    ) as transport:
        while True:
            verdict, words = await _look(target, wanted, rules, journey, transport, names)
            if verdict is Verdict.ACCEPTED or asyncio.get_running_loop().time() + pause > ends:
                return verdict, words
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


async def _look(
    target: Target,
    wanted: Served,
    rules: ProbeRules,
    journey: Journey,
    transport: ReadTransport,
    names: Names | None,
) -> tuple[Verdict, str]:
    parts = urlsplit(target.url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        journey.begin("resolve")
        addresses = await resolve(choose_destination(host, port, rules), names)
        journey.reach(Stage.RESOLVED)
        journey.address = addresses[0].host
        journey.begin("serve")
        headers = {"Origin": target.origin, "Accept": "application/json", "Cache-Control": "no-cache"}
        at = (addresses[0].host, int(addresses[0].sockaddr[1]))
        reply = await transport.get(target.url, headers, at=at)
        journey.reach(Stage.SECURED)
    except Stopped as stopped:
        return Verdict.UNREACHABLE, str(stopped)
    except TransportError as error:
        return Verdict.UNREACHABLE, f"the CDN cannot be read: {error.reason}"
    return _judge(reply, host, wanted)


def _judge(reply: Reply, host: str, wanted: Served) -> tuple[Verdict, str]:
    if reply.status != 200:
        hint = ", so that no browser can load the deployment" if reply.status == 404 else ""
        return Verdict.REFUSED, f"{host} answers {reply.status} instead of serving the deployment{hint}"
    file = _read(reply.body)
    if file is None:
        return Verdict.UNREACHABLE, f"what {host} serves is no JSON object"
    served, status = file.get("version"), file.get("status")
    found = f"version {shown(str(served))}, {shown(str(status))}"
    if wanted.version is not None and str(served) != wanted.version:
        return Verdict.REFUSED, (
            f"browsers are served {found}, and version {wanted.version} is pinned; it may be on its way still,"
            " verify again in some minutes"
        )
    if status != wanted.status:
        return Verdict.REFUSED, f"browsers are served {found}, and Git wants it {wanted.status}"
    return Verdict.ACCEPTED, found


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
