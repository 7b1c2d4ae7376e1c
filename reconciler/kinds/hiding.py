"""Secrets that live documents hold in fields of nobody's shape: hidden wherever a document is kept or shown.

A hidden value still shows whether it moved, by a check of 16 bits: one of 65,536 guesses fits it by chance, so that
nobody can try out passwords on a plan. What is written is always the live value, read again, and never this.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from reconciler.model import Json, JsonObject

NOTHING: JsonObject = MappingProxyType({})
CHECK_DIGITS = 4
HIDDEN = re.compile(rf"\[hidden [0-9a-f]{{{CHECK_DIGITS}}}\]")
STEMS = re.compile(
    "secret|passw|passphrase|passcode|pwd|token|credential|authori[sz]ation|bearer|cookie|header|hmac|jwt|jwk"
    "|signature|connectionstring|webhookurl"
    "|(api|access|account|admin|auth|client|consumer|decryption|encryption|license|master|private|secure"
    "|service|session|shared|signing|ssh|storage|subscription|symmetric|verification)keys?$"
)
"""What the name of a secret holds, in small letters and without what divides words."""
WORDS = frozenset({"pass", "pw", "pin", "cred", "creds", "psk", "pem", "otp"})
"""Words that make a secret of any name."""
ALONE = frozenset({"key", "auth", "session", "sig", "salt", "seed"})
"""Words that are the name of a secret where they stand alone."""
TEXTS = re.compile(
    r"-----BEGIN|(?<![\w-])eyJ[\w-]{1,2000}\.[\w-]{1,2000}\.|^(?:Bearer|Basic) \S|://[^/?#\s@:]*:[^/?#\s@]*@"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[opsu]_\w{20}|\bgithub_pat_\w{20}|\bglpat-[\w-]{20}|\bxox[abeprs]-\w"
    r"|\b[rs]k_(?:live|test)_\w{10}|\bAIza[\w-]{35}|\bhooks\.slack\.com/"
)
"""What is a credential by its own form, whatever it is called."""
QUERY = re.compile(r"[?&#;]([^=?&#;\s]{1,100})=[^&#;\s]")
NAMING = ("name", "key", "property", "field", "label", "id")
"""Members that name what stands beside them, as in a list of names and values."""
LABEL = "key"
"""What the entries of lists with a shape call their names."""
DIVIDED = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


def hide(document: JsonObject, known: JsonObject = NOTHING) -> dict[str, Json]:
    """Give a document with its secrets hidden; twice gives the same as once.

    `known` holds the fields that have a shape, as the normal form of the document does: they are what Git may
    manage and what plans compare, and stay.
    """
    named = not known and any(is_secret(document.get(name)) for name in NAMING)
    return {
        name: _hide(name, value, known.get(name), beside=named and name not in NAMING)
        for name, value in document.items()
    }


def hide_named(name: str, value: Json) -> Json:
    """Give a value with its secrets hidden; all of it where the name is that of a secret."""
    return _hide(name, value, None)


def is_hiding(value: Json) -> bool:
    """Say whether something in a document is hidden, so that no body may be made of it."""
    if isinstance(value, Mapping):
        return any(map(is_hiding, value.values()))
    if isinstance(value, list):
        return any(map(is_hiding, value))
    return isinstance(value, str) and HIDDEN.fullmatch(value) is not None


def is_secret(name: Json) -> bool:
    """Say whether a field of this name holds a secret, as far as names tell."""
    return isinstance(name, str) and _names_secret(name)


@lru_cache(maxsize=4_096)
def _names_secret(name: str) -> bool:
    words = [word.lower() for word in DIVIDED.split(name) if word]
    return bool(
        STEMS.search("".join(words)) or WORDS.intersection(words) or (len(words) == 1 and words[0] in ALONE)
    )


def _hide(name: str, value: Json, known: Json, *, beside: bool = False) -> Json:
    if known is None and (beside or is_secret(name)):
        return _hidden(value)
    if isinstance(value, Mapping):
        return hide(value, known if isinstance(known, Mapping) else NOTHING)
    if isinstance(value, list):
        return [_by_name(one) if known is not None else _hide("", one, None) for one in value]
    is_open = known is None and isinstance(value, str)
    return _hidden(value) if is_open and _is_credential(value) else value


def _by_name(value: Json) -> Json:
    """Hide by names alone: in a list that has a shape, the normal form has another order and fewer entries."""
    if isinstance(value, list):
        return [_by_name(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    return {
        name: _hidden(one) if is_secret(name) and name != LABEL else _by_name(one)
        for name, one in value.items()
    }


def _is_credential(text: str) -> bool:
    return bool(TEXTS.search(text)) or any(is_secret(name) for name in QUERY.findall(text))


def _hidden(value: Json) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and HIDDEN.fullmatch(value):
        return value
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=dict)
    return f"[hidden {hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:CHECK_DIGITS]}]"
