"""Which part of a host name somebody owns, by the public suffix list.

The list comes as publicsuffix.org publishes it: reading it as a set of lines takes a twentieth of the time that the
library takes which ships it (`publicsuffixlist`), and tests hold both to the same answers. The lines stay bytes,
which are divided in a third of the time of text; whoever validates one file asks for a few of them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from reconciler.desired.origin import HOST_LIMIT, decoded_host

PRIVATE = b"// ===BEGIN PRIVATE DOMAINS==="


class Suffix(NamedTuple):
    """The part of a host under which names are given out."""

    text: str
    is_private: bool
    """Whether a hosting provider, and no registry, gives them out."""


class Suffixes:
    """The public suffix list."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._rules = frozenset(data.split(b"\n"))
        self._private = frozenset(data.partition(PRIVATE)[2].split(b"\n"))
        self._exceptions = _after(data, b"!")
        self._open = _after(data, b"*.")
        # What holds for the domain above is found once for all hosts below it.
        self._of_domain = lru_cache(maxsize=100_000)(self._of)

    @property
    def digest(self) -> str:
        """What tells this list from another."""
        import hashlib

        return hashlib.blake2b(self._data, digest_size=16).hexdigest()

    def of(self, host: str) -> Suffix:
        """Give the suffix of a lower-case host name, `xn--` labels included."""
        above = host.partition(".")[2]
        if not above or self.names(host) or self.is_open(above) or "xn--" in host or len(host) > HOST_LIMIT:
            return self._of(host)
        return self._of_domain(above)

    def names(self, host: str) -> bool:
        """Say whether a rule of the list is about this very host."""
        rule = _line(host)
        return rule in self._rules or rule in self._exceptions

    def is_open(self, domain: str) -> bool:
        """Say whether every name below a domain is a suffix."""
        return _line(domain) in self._open

    def owned(self, host: str) -> str | None:
        """Give the domain that somebody registered: the suffix and one label; None where the host is a suffix."""
        suffix = self.of(host).text
        if host == suffix:
            return None
        label = host.removesuffix("." + suffix).rpartition(".")[2]
        return f"{label}.{suffix}"

    def _of(self, host: str) -> Suffix:
        labels = host.split(".")
        if len(host) > HOST_LIMIT:
            return Suffix(labels[-1], is_private=False)  # No such host exists, and its parts are without end.
        read = decoded_host(host).split(".") if "xn--" in host else labels
        rest, above = ".".join(read), ".".join(read[1:])
        if _line(rest) in self._exceptions:
            return self._suffix(labels[1:], "!" + rest)
        for rule in (rest, f"*.{above}" if above else "*"):
            if _line(rule) in self._rules:
                return self._suffix(labels, rule)
        return self.of(".".join(labels[1:])) if above else Suffix(labels[-1], is_private=False)

    def _suffix(self, labels: list[str], rule: str) -> Suffix:
        return Suffix(".".join(labels), _line(rule) in self._private)


def _line(rule: str) -> bytes:
    """Give a rule as it stands in the list; what no UTF-8 can hold stands nowhere in it."""
    return rule.encode(errors="replace")


def _after(data: bytes, mark: bytes) -> frozenset[bytes]:
    """Give what follows a mark at the beginning of a line; to look for the few is faster than to ask every line."""
    return frozenset(part.partition(b"\n")[0] for part in (b"\n" + data).split(b"\n" + mark)[1:])


NO_SUFFIXES = Suffixes(b"")
"""Every top-level name is a suffix, and no other; for tests and merged documents."""
