"""Prove channels at their endpoints: what must be accepted is, and what must be refused is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from reconciler.decide.pairing import reference
from reconciler.decide.targets import deployment_targets, targets
from reconciler.errors import UsageError
from reconciler.kinds import kind_named
from reconciler.kinds.kind import Steps
from reconciler.model import Change, Channel, Guest, Json, Probe, Result, Target
from reconciler.probe.rules import ProbeRules, parse_connect_to
from reconciler.regions import Hosts
from reconciler.settings import Settings, is_loopback

WRITTEN = (Result.APPLIED, Result.ALREADY)


def probe_rules(settings: Settings, hosts: Hosts | None = None) -> ProbeRules:
    """Make the rules of the probe from the settings; raises `UsageError` for a connect-to that is none.

    `hosts` are where deployments are served. A loopback address among them is the operator's own word.
    """
    try:
        connect_to = parse_connect_to(",".join(settings.connect_to))
    except ValueError as error:
        raise UsageError(f"--connect-to or RECONCILER_CONNECT_TO: {error}") from error
    ours = (hosts.cdn, hosts.messaging) if hosts else ()
    local = tuple(url.partition("://")[2] for url in ours if is_loopback(url))
    return ProbeRules(
        allow_hosts=(*settings.allow_hosts, *local),
        connect_to=connect_to,
        ca_file=settings.ca_file,
        cdn_seconds=settings.cdn_seconds,
        hosts=hosts,
        guests_enter=settings.guests_enter,
        tls_floor=settings.policy.tls_floor,
    )


async def verify(
    channels: Sequence[Channel],
    rules: ProbeRules,
    removed: Mapping[str, Collection[str]],
    notice: Callable[[Probe], None] | None = None,
    everything: Sequence[Channel] | None = None,
) -> tuple[Probe, ...]:
    """Probe every enabled channel; `removed` names origins per channel that were just taken away.

    `everything` is all that the files say, also of what is not probed: whether visitors of a deployment must sign
    in stands in its configuration.
    """
    from reconciler.probe.endpoint import probe_all

    asked: list[Target] = []
    files = {channel.name: channel for channel in (channels if everything is None else everything)}
    signs_in = _sign_ins(files)
    for channel in channels:
        kind, taken = kind_named(channel.kind), tuple(removed.get(channel.name, ()))
        if kind.endpoint is not None:
            asked.extend(targets(kind, channel, removed_origins=taken))
        elif rules.hosts and channel.id and kind.steps is Steps.DEPLOY:
            asked.extend(
                deployment_targets(
                    kind,
                    channel,
                    socket_url=rules.hosts.socket_url(channel.id),
                    config_url=rules.hosts.config_url(channel.id),
                    guest=Guest(channel.id, signs_in.get(channel.name), rules.guests_enter),
                    removed_origins=taken,
                )
            )
    # Without this, a run that probes nothing would load every certificate authority of the machine.
    return await probe_all(asked, rules, notice) if asked else ()


def removed_origins(changes: Sequence[Change]) -> Mapping[str, Collection[str]]:
    """Give the origins per channel that a plan takes away."""
    removed: dict[str, list[str]] = {}
    for change in changes:
        if change.channel is None or change.live is None:
            continue
        kind = kind_named(change.kind)
        before: Json = kind.origins(change.live.document)
        kept = set(kind.origins(change.channel.spec))
        removed[change.name] = [origin for origin in before if origin not in kept]
    return removed


def skipped(channels: Sequence[Channel]) -> Mapping[str, str]:
    """Give the reason per channel that is not probed; what has no endpoint of its own is no channel here."""
    probed = [channel for channel in channels if kind_named(channel.kind).steps is not Steps.PUBLISH]
    reasons = {
        channel.name: "it is disabled"
        for channel in probed
        if not kind_named(channel.kind).enabled(channel.spec)
    }
    absent = {
        channel.name: "there is no such deployment yet; reconciler apply creates it"
        for channel in probed
        if kind_named(channel.kind).is_named and not channel.id
    }
    return {**reasons, **absent}


def _sign_ins(files: Mapping[str, Channel]) -> dict[str, bool]:
    """Give, by the name of a deployment, whether its visitors must sign in, where files say so."""
    found: dict[str, bool] = {}
    for name, channel in files.items():
        shown = files.get(reference(channel) or "")
        settings = shown.spec.get("authenticationSettings") if shown else None
        if isinstance(settings, Mapping):
            found[name] = settings.get("enabled") is True
    return found
