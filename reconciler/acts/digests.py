"""What tells one state of files or of rules from another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from reconciler import __version__
from reconciler.acts.bulk import File
from reconciler.acts.cache import code_digest
from reconciler.desired.rules import RuleSettings
from reconciler.model import Json


def files_digest(files: Iterable[File]) -> str:
    """Give `sha256:…` over name and bytes of each file."""
    digest = hashlib.sha256()
    for name, data in files:
        digest.update(f"{len(name.encode())}:{name}{len(data)}:".encode() + data)
    return "sha256:" + digest.hexdigest()


def cache_key(schemas: Mapping[str, Json], rules: RuleSettings) -> str:
    """Give a digest over everything that decides whether a file alone is sound, besides its name and bytes."""
    parts = [__version__, code_digest(), rules_digest(schemas, rules), rules.suffixes.digest]
    return hashlib.sha256(json.dumps([*parts, list(rules.allowed_hosts)]).encode()).hexdigest()


def rules_digest(schemas: Mapping[str, Json], rules: RuleSettings) -> str:
    """Give `sha256:…` over the schemas and what an organisation decides."""
    own = {rule.rule.id: rule.schema for rule in rules.own_rules}
    parts = [
        schemas,
        list(rules.allowed_punycode),
        asdict(rules.policy),
        own,
        list(map(asdict, rules.waivers)),
    ]
    content = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return "sha256:" + hashlib.sha256(content.encode()).hexdigest()
