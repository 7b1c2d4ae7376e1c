"""Rules of the repository's own: JSON Schema files of `schemas/policy/`, each of them one rule over channel files.

    {"title": "Channels of the bank are signed in by the bank", "x-why": "…", "x-fix": "…",
     "x-severity": "error", "x-kinds": ["WebchatChannel"], "properties": {…}}

The file's name without `.json` is the rule's id. Its patterns are matched in linear time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from reconciler.desired.catalogue import RULES, rule_named
from reconciler.desired.policy import Policy
from reconciler.desired.rule import Rule
from reconciler.desired.source import Problem
from reconciler.desired.words import bare
from reconciler.model import Finding, JsonObject, Severity

FOLDER = "schemas/policy"
ENDING = ".json"
FILE_LIMIT = 65_536
FILES_LIMIT = 200
NAME = r"[a-z0-9]+(?:-[a-z0-9]+)+"
TEXTS = {"title": "what the rule demands", "x-why": "why", "x-fix": "what to write instead"}


class OwnRule(NamedTuple):
    """One rule of the repository's own."""

    rule: Rule
    kinds: tuple[str, ...]
    """The kinds of files it judges; empty: all."""
    schema: JsonObject
    check: Callable[[JsonObject], tuple[Problem, ...]]


def read_own_rule(file: str, data: bytes) -> OwnRule | Finding:
    """Read one file; `file` is its path below the repository. What is wrong with it is a finding."""
    from reconciler.desired.schema import make_own_check

    try:
        schema = _parsed(data)
        rule = _rule(file.rpartition("/")[2].removesuffix(ENDING), schema)
        kinds = schema.get("x-kinds", [])
        if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
            raise ValueError("x-kinds must be a list of kinds")
        return OwnRule(rule, tuple(kinds), schema, make_own_check(schema))
    except _Place as error:
        return policy_finding(file, str(error), error.line, error.column)
    except ValueError as error:
        return policy_finding(file, str(error))


def own_problems(value: JsonObject, rules: tuple[OwnRule, ...], policy: Policy) -> Iterator[Problem]:
    """Judge one file by the rules of the repository's own."""
    for own in rules:
        weight = policy.severity(own.rule)
        if weight is not None and (not own.kinds or value.get("kind") in own.kinds):
            yield from map(partial(_named, own.rule, weight), own.check(value))


def policy_finding(file: str, message: str, line: int = 1, column: int = 1) -> Finding:
    """Make the finding of a file that is no rule."""
    known = rule_named("policy-file")
    return Finding(known.id, known.severity, file, line, column, "", message, known.fix)


class _Place(ValueError):
    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


def _parsed(data: bytes) -> Mapping[str, Any]:
    if len(data) > FILE_LIMIT:
        raise ValueError(f"the file is larger than {FILE_LIMIT} bytes")
    try:
        schema = json.loads(data.decode())
    except json.JSONDecodeError as error:
        raise _Place(f"this is no JSON: {error.msg}", error.lineno, error.colno) from error
    except (ValueError, RecursionError) as error:
        raise ValueError("this is no JSON in UTF-8") from error
    if not isinstance(schema, dict):
        raise ValueError("this is no JSON Schema: it must be an object")
    return schema


def _rule(name: str, schema: Mapping[str, Any]) -> Rule:
    if not re.fullmatch(NAME, name):
        raise ValueError(
            f"a rule is named by its file, such as acme-provider{ENDING}: at least two words, lower case"
        )
    if any(rule.id == name for rule in RULES):
        raise ValueError(f"there is a rule {name} already; give the file another name")
    for key, about in TEXTS.items():
        text = schema.get(key)
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{key} must say {about}")
    severity = schema.get("x-severity", Severity.ERROR)
    if severity not in tuple(Severity):
        raise ValueError(f"x-severity must be one of {', '.join(Severity)}")
    what, why, fix = (bare(schema[key]) for key in TEXTS)
    return Rule(name, what, why, "", "", fix, Severity(severity), risk=5.0, is_policy=True)


def _named(rule: Rule, weight: Severity, problem: Problem) -> Problem:
    message = f"{problem.message} ({rule.what})"
    return problem._replace(rule=rule.id, message=message, fix=rule.fix, severity=weight)
