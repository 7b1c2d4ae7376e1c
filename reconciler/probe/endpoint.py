"""One probe from its target to its result, and all probes of a run side by side."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, Self

from reconciler.model import Probe, Stage, Verdict
from reconciler.probe.address import Names, open_connection, resolve
from reconciler.probe.cdn import probe_config
from reconciler.probe.journey import Journey, Stopped
from reconciler.probe.rules import choose_destination, parse_endpoint, require_origin
from reconciler.probe.upgrade import Answer, ask
from reconciler.probe.words import overdue_words
from reconciler.report.escape import shown
from reconciler.tls import make_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from reconciler.model import Target
    from reconciler.probe.rules import ProbeRules

OPEN_EACH = 8
"""So many times the handshakes at once may be open: nearby a check takes 0.03 seconds to open, and 0.2 to stay open."""


async def probe_all(
    targets: Sequence[Target], rules: ProbeRules, notice: Callable[[Probe], None] | None = None
) -> tuple[Probe, ...]:
    """Probe every target, in the order given; `notice` hears of each as it ends.

    Raises `UsageError` for a CA file that cannot be used, and nothing else: whatever happens to one probe is
    its result.
    """
    run = _Run(rules, make_context(rules.ca_file))
    turns = {target.turn: asyncio.Lock() for target in targets if target.turn is not None}

    async def probe_in_turn(target: Target) -> Probe:
        async with turns[target.turn] if target.turn else nullcontext():
            probe = await run.probe(target)
        if notice is not None:
            notice(probe)
        return probe

    try:
        results = await asyncio.gather(*map(probe_in_turn, targets), return_exceptions=True)
    finally:
        run.names.close()
    return tuple(map(_made_probe, targets, results))


class _Run:
    """What the probes of one run share: names that were looked up, the TLS context, and how many are at it."""

    def __init__(self, rules: ProbeRules, context: ssl.SSLContext) -> None:
        self.rules = rules
        self.context = context
        self.names = Names(rules.concurrency)
        # A channel that was opened only waits whether it stays open, and holds up none that is to be opened.
        self.opening = asyncio.Semaphore(rules.concurrency)
        self.open = asyncio.Semaphore(_most_open(rules.concurrency))

    async def probe(self, target: Target) -> Probe:
        """Probe one target, once there is room for it."""
        async with self.open, _Place(self.opening) as place:
            if target.served is not None:
                return await probe_config(target, target.served, self.rules, self.names)
            return await probe_target(target, self.rules, self.context, self.names, place.leave)


def _most_open(at_once: int) -> int:
    """Say how many channels may be open: so many as the process may have files, and leave half of those to others."""
    try:
        import resource

        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    except ImportError:  # Windows, where sockets are no files
        return at_once * OPEN_EACH
    return at_once * OPEN_EACH if files < 0 else max(at_once, min(at_once * OPEN_EACH, files // 2))


class _Place:
    """One of a few places, which may be left before the end."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._taken = False

    async def __aenter__(self) -> Self:
        await self._places.acquire()
        self._taken = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Leave it to the next, once."""
        if self._taken:
            self._taken = False
            self._places.release()


async def probe_target(
    target: Target,
    rules: ProbeRules,
    context: ssl.SSLContext,
    names: Names | None = None,
    opened: Callable[[], object] = lambda: None,
) -> Probe:
    """Ask one endpoint, over verified TLS, whether it opens a WebSocket for the origin.

    HTTP 401 and 403 and an immediate close with 1008 mean refused; a channel that stays open means accepted;
    everything else means unreachable. `seconds` is the sum of the phases: neither queueing nor the quiet
    period after opening counts. `opened` is called once the handshakes are over.
    """
    journey = Journey(rules.phase_seconds, asyncio.timeout(None), opened)
    try:
        async with journey.deadline:
            answer = await _walk(target, rules, context, journey, names)
    except Stopped as stopped:
        answer = Answer(Verdict.UNREACHABLE, str(stopped))
    except TimeoutError:
        host, _ = parse_endpoint(target.url)
        answer = Answer(
            Verdict.UNREACHABLE, overdue_words(journey.phase or "upgrade", host, rules.phase_seconds)
        )
    journey.stop()
    reason = judge(target, answer) or judge_tls(journey.tls, rules.tls_floor)
    return Probe(
        target=target,
        observed=answer.verdict,
        ok=reason is None,
        stage=journey.stage,
        reason=reason,
        seconds=sum(journey.phases.values()),
        phases=journey.phases,
        tls=journey.tls,
        address=journey.address,
        certificate=journey.certificate,
    )


def judge(target: Target, answer: Answer) -> str | None:
    """Say what is wrong with an answer, or None where it is the expected one."""
    if answer.verdict is target.expected:
        return answer.fault
    origin = shown(target.origin)
    if answer.verdict is Verdict.ACCEPTED:
        return (
            f"accepts the origin {origin}, which Git does not allow; anybody's website can open this channel:"
            " make the endpoint enforce its allowed origins"
        )
    if answer.verdict is Verdict.REFUSED:
        return f"refuses the origin {origin}, which Git allows: {answer.words}"
    if target.expected is Verdict.REFUSED:
        return f"{answer.words}; whether it refuses the origin {origin} is not known"
    return answer.words


def judge_tls(version: str | None, floor: str) -> str | None:
    """Say that an endpoint negotiated less than `[rules] tls_floor` asks for; None where it did not."""
    if version is None or version.removeprefix("TLSv") >= floor:
        return None
    return (
        f"endpoint-tls: speaks {shown(version)}, and tls_floor under [rules] asks for TLS {floor};"
        " raise the TLS version on the load balancer"
    )


async def _walk(
    target: Target, rules: ProbeRules, context: ssl.SSLContext, journey: Journey, names: Names | None
) -> Answer:
    try:
        host, port = parse_endpoint(target.url)
        require_origin(target.origin)
    except ValueError as error:
        raise Stopped(str(error)) from error
    journey.begin("resolve")
    addresses = await resolve(choose_destination(host, port, rules), names)
    journey.reach(Stage.RESOLVED)
    connected, journey.address = await open_connection(addresses, journey.begin("connect"))
    journey.reach(Stage.CONNECTED)
    return await ask(target, host, connected, context, journey, rules.quiet_seconds)


def _made_probe(target: Target, result: Probe | BaseException) -> Probe:
    """Make a broken check a result too, so that it stops none of the others."""
    if isinstance(result, Probe):
        return result
    if not isinstance(result, Exception):
        raise result
    return Probe(
        target=target,
        observed=Verdict.UNREACHABLE,
        ok=False,
        stage=Stage.STARTED,
        reason=f"the check itself broke ({shown(f'{type(result).__name__}: {result}')}); please report this",
        seconds=0.0,
        phases={},
    )
