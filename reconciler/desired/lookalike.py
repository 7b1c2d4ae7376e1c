"""Hosts that people take for another one: mixed scripts, and names like a domain of the organisation.

The only home of confusable_homoglyphs, whose tables of Unicode TR 39 are loaded only for a host with letters
outside ASCII.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from reconciler.desired.origin import decoded_host
from reconciler.desired.suffix import Suffixes
from reconciler.desired.words import bare

TWINS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"), ("-", ""))
"""What passes for something else in the letters that a host may have."""
ONE_WRITING = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
"""Scripts that are one writing system (Unicode TR 39, "highly restrictive")."""
SHORTEST = 5
"""Letters of a name from which on one wrong letter is a look-alike; short names are near each other anyway."""


@lru_cache(maxsize=100_000)
def homograph(host: str) -> str | None:
    """Say why a host with `xn--` labels may be read as another one; None where it may not."""
    for label in decoded_host(host).split("."):
        reason = None if label.isascii() else _mixed(label) or _latin_looking(label)
        if reason:
            return f"names the host {host}, shown as {bare(decoded_host(host))}, {reason}"
    return None


def likeness(host: str, own: tuple[str, ...], suffixes: Suffixes, *, named: bool) -> str | None:
    """Say which domain of the organisation a host looks like without lying in it; None where it does not.

    `named` tells that the organisation itself listed its domains; where they were only guessed from the endpoint,
    a similar name is no reason to speak, a name that reads the same is.
    """
    domain = suffixes.owned(host)
    if domain is None or domain in own or is_among(host, own):
        return None
    for ours in own:
        reason = _nested(host, ours) or _same_reading(domain, ours)
        if reason is None and named:
            reason = _similar(domain, ours, suffixes)
        if reason:
            return f"{reason} {ours}, and belongs to {bare(domain)}"
    return None


def is_among(host: str, domains: Collection[str]) -> bool:
    """Say whether a host is one of these domains, or lies in one."""
    return host.endswith(tuple(["." + domain for domain in domains])) or host in domains


@lru_cache(maxsize=100_000)
def skeleton(host: str) -> str:
    """Give what a reader sees at a glance: hosts with the same skeleton are taken for each other."""
    text = decoded_host(host) if "xn--" in host else host
    if not text.isascii():
        text = "".join(map(_latin_twin, text))
    for seen, meant in TWINS:
        text = text.replace(seen, meant)
    return text


def _nested(host: str, ours: str) -> str | None:
    return "begins like" if f".{ours}." in f".{host}" else None


def _same_reading(domain: str, ours: str) -> str | None:
    return "reads like" if skeleton(domain) == skeleton(ours) else None


def _similar(domain: str, ours: str, suffixes: Suffixes) -> str | None:
    name, our_name = _name(domain, suffixes), _name(ours, suffixes)
    if name == our_name:
        return "has the name, and another ending, of"
    if len(our_name) < SHORTEST:
        return None
    if _one_edit_apart(name, our_name):
        return "is one letter away from"
    return "holds the name of" if our_name in name.split("-") else None


def _name(domain: str, suffixes: Suffixes) -> str:
    return domain.removesuffix("." + suffixes.of(domain).text).rpartition(".")[2]


def _one_edit_apart(one: str, other: str) -> bool:
    """Say whether one letter added, left out, changed, or swapped with its neighbour makes one of the other."""
    if len(one) > len(other):
        one, other = other, one
    start = next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one)
    )
    if len(one) < len(other):
        return one[start:] == other[start + 1 :]
    swapped = (
        one[start : start + 2] == other[start : start + 2][::-1] and one[start + 2 :] == other[start + 2 :]
    )
    return swapped or one[start + 1 :] == other[start + 1 :]


def _mixed(label: str) -> str | None:
    from confusable_homoglyphs import categories

    scripts = {categories.alias(letter) for letter in label} - {"COMMON", "INHERITED"}
    if len(scripts) < 2 or any(scripts <= writing for writing in ONE_WRITING):
        return None
    return f"which mixes {_listed(scripts)} letters"


def _latin_looking(label: str) -> str | None:
    from confusable_homoglyphs import categories

    letters = [letter for letter in label if letter.isalpha()]
    scripts = {categories.alias(letter) for letter in letters}
    if "LATIN" in scripts or not letters or not all(_latin_twin(letter) != letter for letter in letters):
        return None
    read = "".join(map(_latin_twin, label))
    return f"whose {_listed(scripts)} letters read as {bare(read)}"


@lru_cache(maxsize=10_000)
def _latin_twin(letter: str) -> str:
    from confusable_homoglyphs import confusables

    found = confusables.is_confusable(letter, greedy=False, preferred_aliases=[]) or []
    twins = [twin["c"] for entry in found for twin in entry["homoglyphs"] if twin["c"].isascii()]
    return min((twin.lower() for twin in twins if twin.isalnum()), default=letter)


def _listed(scripts: Iterable[str]) -> str:
    return " and ".join(script.capitalize() for script in sorted(scripts))
