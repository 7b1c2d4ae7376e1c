"""What a host name tells about who may answer for it: suffixes, shared hosting, look-alikes, test systems.

Only hosts that keep the grammar come here. One verdict a host and organisation, found once a run.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

from reconciler.desired.lookalike import homograph, is_below, likeness
from reconciler.desired.policy import Policy
from reconciler.desired.suffix import Suffixes

STAGING = re.compile(
    r"(?:^|[.-])(?:dev|develop|staging|stage|stg|test|testing|qa|uat|preview|sandbox|demo)[0-9]*[.-]"
)
"""A part of a host by which people call systems that are no production."""


class SiteFlaw(NamedTuple):
    """What is wrong with a host, before it is known whether an origin, a domain or a URL was asked about."""

    about: str
    """The rule without its family: `shared-hosting`."""
    message: str


class Sites:
    """The judge of host names under one policy."""

    def __init__(self, policy: Policy, suffixes: Suffixes, exempt: Collection[str]) -> None:
        self._policy = policy
        self._suffixes = suffixes
        self._exempt = frozenset(exempt)
        self.flaws = lru_cache(maxsize=100_000)(self._flaws)
        """Give what is wrong with a host; `own` are the domains of the organisation, as `own` gives them."""

    def own(self, host: str | None) -> tuple[str, ...]:
        """Give the organisation's domains: as it lists them, else the one of the channel's own endpoint."""
        if self._policy.own_domains:
            return self._policy.own_domains
        domain = self._suffixes.owned(host) if host and "." in host else None
        return (domain,) if domain else ()

    def _flaws(self, host: str, own: tuple[str, ...]) -> tuple[SiteFlaw, ...]:
        if (
            host.startswith("[")
            or "." not in host
            or host in self._exempt
            or host.rpartition(".")[2].isdigit()
        ):
            return ()  # What the operator allows for a test is not on the internet.
        return tuple(self._found(host, own))

    def _found(self, host: str, own: tuple[str, ...]) -> Iterator[SiteFlaw]:
        suffix = self._suffixes.of(host)
        if host == suffix.text:
            yield SiteFlaw("public-suffix", f"names {host}, under which names are given to everybody")
        elif suffix.is_private and host not in self._policy.shared_hosts:
            yield SiteFlaw(
                "shared-hosting", f"lies below {suffix.text}, where a hosting provider gives names away"
            )
        reason = homograph(host) if "xn--" in host else None
        if reason:
            yield SiteFlaw("homograph", reason)
        if host not in self._policy.shared_hosts:
            yield from self._strangers(host, own)
        if STAGING.search(host):
            yield SiteFlaw("staging", "is named like a test system")

    def _strangers(self, host: str, own: tuple[str, ...]) -> Iterator[SiteFlaw]:
        named = bool(self._policy.own_domains)
        like = likeness(host, own, self._suffixes, named=named)
        if like:
            yield SiteFlaw("lookalike", like)
        elif named and not any(is_below(host, ours) for ours in own):
            yield SiteFlaw("foreign", f"lies in none of the organisation's domains ({', '.join(own[:5])})")
