"""What a host name tells about who may answer for it: suffixes, shared hosting, look-alikes, test systems.

Only hosts that keep the grammar come here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from reconciler.desired.lookalike import homograph, is_among, likeness
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


NO_FLAWS: tuple[SiteFlaw, ...] = ()


class Sites:
    """The judge of host names under one policy."""

    def __init__(self, policy: Policy, suffixes: Suffixes, exempt: Collection[str]) -> None:
        self._policy = policy
        self._suffixes = suffixes
        self._exempt = frozenset(exempt)
        # Hosts differ; the domains that they lie in are few.
        self._is_clean = lru_cache(maxsize=100_000)(self._is_below_clean)

    def own(self, host: str | None) -> tuple[str, ...]:
        """Give the organisation's domains: as it lists them, else the one of the channel's own endpoint."""
        if self._policy.own_domains:
            return self._policy.own_domains
        domain = self._suffixes.owned(host) if host and "." in host else None
        return (domain,) if domain else ()

    def flaws(self, host: str, own: tuple[str, ...]) -> Iterable[SiteFlaw]:
        """Give what is wrong with a host; `own` are the domains of the organisation, as `own` gives them."""
        label, _, above = host.partition(".")
        if _is_plain(label) and self._is_clean(above, own) and not self._suffixes.names(host):
            return NO_FLAWS
        return self._judged(host, own)

    def _is_below_clean(self, above: str, own: tuple[str, ...]) -> bool:
        """Say whether nothing is wrong with any host below a domain, but for what its first label may be."""
        return (
            "." in above
            and is_among(above, own)
            and "xn--" not in above
            and not self._suffixes.of(above).is_private
            and not self._suffixes.is_open(above)
            and not STAGING.search(above)
        )

    def _judged(self, host: str, own: tuple[str, ...]) -> Iterator[SiteFlaw]:
        is_on_the_internet = "." in host and host[0] != "[" and not host.rpartition(".")[2].isdigit()
        # What the operator allows for a test is not on the internet either.
        if is_on_the_internet and host not in self._exempt:
            yield from self._found(host, own)

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
        if is_among(host, own):
            return
        named = bool(self._policy.own_domains)
        like = likeness(host, own, self._suffixes, named=named)
        if like:
            yield SiteFlaw("lookalike", like)
        elif named:
            yield SiteFlaw("foreign", f"lies in none of the organisation's domains ({', '.join(own[:5])})")


@lru_cache(maxsize=10_000)
def _is_plain(label: str) -> bool:
    """Say whether nothing is wrong with a host because of its first label."""
    return label[:1].isalnum() and "xn--" not in label and not STAGING.search(label + ".")
