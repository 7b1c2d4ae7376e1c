"""How text from the remote is shown: secrets hidden in every form they may come back in, escaped, cut."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus

from reconciler.model import Json
from reconciler.report.escape import shown

LIMIT = 256
HIDDEN = "[hidden]"
MASK = "\0"
SHORT = 8
"""Bytes of a secret, below which parts of it would be found everywhere."""
MASKS = re.compile(f"{MASK}+")


def told(text: str, secrets: Iterable[str], limit: int = LIMIT) -> str:
    """Give text of the remote as a message may show it: one line, at most `limit` characters of it."""
    line = " ".join(text.replace(MASK, " ").split())
    forms = _compact_forms(tuple(secrets))
    # Beyond the cut as far as a secret can reach, so that no half of one stands before it.
    masked = _mask(line[: limit + 2 * max(map(len, forms), default=0)], forms)
    kept = MASKS.sub(HIDDEN, masked[:limit]) + ("…" if len(line) > limit else "")
    return shown(kept, len(kept))


def redacted(value: Json, secrets: Iterable[str]) -> Json:
    """Give the value with every secret in its texts hidden, and nothing else changed."""
    return _redact(value, _compact_forms(tuple(secrets)))


def redacted_pieces(pieces: Iterable[str], secrets: Iterable[str]) -> Iterator[str]:
    """Give a text that comes in pieces with every secret in it hidden, also one that lies across pieces."""
    forms = _compact_forms(tuple(secrets))
    reach = max(map(len, forms), default=0)
    text = masked = ""
    for piece in pieces:
        text += piece
        # What is kept never begins in the midst of something hidden, so that it is found again.
        masked = _mask(text, forms)
        cut = _settled(text, masked, reach)
        yield MASKS.sub(HIDDEN, masked[:cut])
        text, masked = text[cut:], masked[cut:]
    yield MASKS.sub(HIDDEN, masked)


def _settled(text: str, masked: str, reach: int) -> int:
    """Give the place before which nothing that may follow hides anything: a secret may begin in the last letters."""
    cut, letters = len(text), 0
    while cut and letters < reach - 1:
        cut -= 1
        letters += not text[cut].isspace()
    while cut and masked[cut - 1] == MASK:
        cut -= 1
    return cut


def _redact(value: Json, forms: Iterable[str]) -> Json:
    """Give the value itself where nothing in it is hidden: a record of many outcomes is not there twice."""
    if isinstance(value, str):
        masked = _mask(value, forms)
        return MASKS.sub(HIDDEN, masked) if masked != value else value
    if isinstance(value, list):
        for place, entry in enumerate(value):
            if (hidden := _redact(entry, forms)) is not entry:
                return [*value[:place], hidden, *(_redact(rest, forms) for rest in value[place + 1 :])]
        return value
    if isinstance(value, dict):
        items = [(_redact(name, forms), _redact(entry, forms)) for name, entry in value.items()]
        same = all(a is c and b is d for (a, b), (c, d) in zip(items, value.items(), strict=True))
        return value if same else dict(items)
    return value


def _mask(line: str, forms: Iterable[str]) -> str:
    """Put a mask over every letter of a secret, in whatever case, also where blanks have been put in between.

    Every letter keeps its place.
    """
    quick = "".join(line.split()).lower()
    if not any(form in quick for form in forms):
        return line
    places = [place for place, letter in enumerate(line) if not letter.isspace()]
    compact = "".join(line[place].lower()[0] for place in places)
    masked = list(line)
    for form in forms:
        start = compact.find(form)
        while start >= 0:
            first, last = places[start], places[start + len(form) - 1]
            masked[first : last + 1] = MASK * (last + 1 - first)
            start = compact.find(form, start + 1)
    return "".join(masked)


# A run has one secret and a token or two, and asks for each text that it shows.
@lru_cache(maxsize=4)
def _compact_forms(secrets: tuple[str, ...]) -> frozenset[str]:
    """Give every form in lower case and without blanks, as it is looked for."""
    forms = ("".join(form.lower().split()) for secret in secrets for form in _forms(secret))
    return frozenset(form for form in forms if form)


def _forms(secret: str) -> Iterator[str]:
    data = secret.encode()
    yield secret
    yield quote(secret)
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret)[1:-1].replace("/", "\\/")
    yield html.escape(secret)
    yield data.hex()
    yield from _base64_forms(data, base64.b64encode)
    yield from _base64_forms(data, base64.urlsafe_b64encode)


def _base64_forms(data: bytes, encode: Callable[[bytes], bytes]) -> Iterator[str]:
    yield encode(data).decode().rstrip("=")
    if len(data) < SHORT:
        return
    # Inside of something longer it begins at any of three places, and shares its outer letters with it.
    for lead, start in ((0, 0), (1, 2), (2, 3)):
        letters = encode(bytes(lead) + data).decode()
        yield letters[start : (lead + len(data)) * 4 // 3]
