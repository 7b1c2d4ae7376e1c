"""The rules that a channel file must keep, schema and code together: documents in, channels and findings out.

What a schema cannot say is said here: the grammar of origins and URLs, names that match files, what must be unique.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from reconciler.desired.catalogue import rule_named
from reconciler.desired.check import Check
from reconciler.desired.document import Document
from reconciler.desired.messaging import messaging_problems, reference_problems
from reconciler.desired.origin import Refusal, are_sound, check_origin, check_url, folded
from reconciler.desired.overlays import overlaid_fields, patch_files
from reconciler.desired.own_rules import OwnRule, own_problems
from reconciler.desired.policy import Policy
from reconciler.desired.policy_rules import PolicyBook, make_policy_book, policy_problems, shared_problems
from reconciler.desired.source import Problem
from reconciler.desired.suffix import NO_SUFFIXES, Suffixes
from reconciler.desired.values import ID, NAME, text_at, value_at
from reconciler.desired.waivers import covering
from reconciler.desired.words import bare, shown, suggestion
from reconciler.model import (
    Channel,
    Finding,
    Json,
    JsonObject,
    Pointer,
    Severity,
    Waived,
    Waiver,
    pointer_text,
)

ENDINGS = (".yaml", ".yml")
"""How a channel file's name ends."""
FILE_MESSAGES = {
    "file-link": "this is a symbolic link",
    "file-type": "this is no regular file",
    "file-unreadable": "the file cannot be read",
}
SETTINGS: Pointer = ("spec", "webchatSettings")
URLS: tuple[Pointer, ...] = ((*SETTINGS, "webchatUrl"), ("monitoring", "healthWebhook"))
ORIGINS: Pointer = (*SETTINGS, "corsAllowedOrigins")


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """What the organisation and the operator allow beyond the rules as they stand."""

    allowed_hosts: tuple[str, ...] = ()
    """`host` or `host:port` that may be local or special, from RECONCILER_ALLOW_HOSTS."""
    allowed_punycode: tuple[str, ...] = ()
    """Hosts with `xn--` labels that somebody looked at, from `[rules] allow_punycode`."""
    policy: Policy = field(default_factory=Policy)
    suffixes: Suffixes = NO_SUFFIXES
    own_rules: tuple[OwnRule, ...] = ()
    """From `schemas/policy/`."""
    waivers: tuple[Waiver, ...] = ()
    today: date = date.max
    """The day on which waivers are judged; without one, none is in force."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with waivers and with rules of the repository's own."""


class Rulebook(NamedTuple):
    """The rules ready for use: one schema a kind, the policy, and the settings."""

    checks: Mapping[str, Check]
    """By kind: gives what the schema finds wrong with the value of a whole file."""
    policy: PolicyBook
    settings: RuleSettings


class Judged(NamedTuple):
    """What the rules made of the documents."""

    channels: tuple[Channel, ...]
    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]


def make_rulebook(schemas: Mapping[str, JsonObject], settings: RuleSettings) -> Rulebook:
    """Make the rules of the schemas of channel files, whatever their files are called."""
    checks = {str(schema["properties"]["kind"]["const"]): Check(schema) for schema in schemas.values()}
    policy = make_policy_book(settings.policy, settings.suffixes, settings.allowed_hosts)
    return Rulebook(checks, policy, settings)


def judge(documents: Sequence[Document], rulebook: Rulebook) -> Judged:
    """Judge documents alone and together; a channel is made of each one that breaks no rule of severity error."""
    problems = {
        document.file: [] if document.is_sound else _problems_of_file(document, rulebook)
        for document in documents
    }
    for document, problem in _problems_together(documents, rulebook):
        problems[document.file].append(problem)
    findings: list[Finding] = []
    channels: list[Channel] = []
    waived: list[Waived] = []
    for document in documents:
        if document.flaws or problems[document.file]:
            told = _beside(document.flaws, _told(document, problems[document.file], rulebook.settings))
            found = (*document.flaws, *told)
            in_force = [finding for finding in found if isinstance(finding, Finding)]
            findings += in_force
            waived += [finding for finding in found if isinstance(finding, Waived)]
            if any(finding.severity is Severity.ERROR for finding in in_force):
                continue
        channels.append(_channel(document))
    return Judged(tuple(sorted(channels, key=lambda channel: channel.name)), tuple(findings), tuple(waived))


def is_sound(document: Document, rulebook: Rulebook) -> bool:
    """Say whether a document alone breaks no rule of any severity."""
    return not document.flaws and not _problems_of_file(document, rulebook)


def _problems_together(
    documents: Sequence[Document], rulebook: Rulebook
) -> Iterator[tuple[Document, Problem]]:
    """Find what is wrong with files only because of other files."""
    yield from _twins(documents)
    yield from _repeated(documents, NAME, "name-unique")
    yield from _repeated_ids(documents)
    yield from reference_problems(documents)
    yield from shared_problems(documents, rulebook.policy)


def _told(
    document: Document, problems: Sequence[Problem], settings: RuleSettings
) -> Iterator[Finding | Waived]:
    """Make the findings of a document, and set apart those that a waiver covers."""
    for problem, finding in document.placed(problems):
        waiver = _waiver(document.value, problem, settings)
        yield Waived(finding, waiver) if waiver else finding


def _waiver(value: JsonObject, problem: Problem, settings: RuleSettings) -> Waiver | None:
    # Only what an organisation may decide has a severity of its own, and only that can be waived.
    if problem.severity is None or not settings.waivers:
        return None
    name, pointer = text_at(value, NAME) or "", pointer_text(problem.pointer)
    found = _item_at(value, problem.pointer)
    return covering(settings.waivers, problem.rule, name, pointer, found, settings.today)


def _beside(flaws: Sequence[Finding], told: Iterable[Finding | Waived]) -> Iterator[Finding | Waived]:
    """Leave out what is said of a node whose writing is in doubt: that is one mistake, not two."""
    doubtful = {flaw.pointer for flaw in flaws}
    for one in told:
        finding = one.finding if isinstance(one, Waived) else one
        if finding.pointer not in doubtful:
            yield one


def file_finding(rule: str, file: str, detail: str = "") -> Finding:
    """Make the finding of a file that could not even be read."""
    message = FILE_MESSAGES[rule] + (f": {detail}" if detail else "")
    known = rule_named(rule)
    return Finding(rule, known.severity, file, 1, 1, "", message, known.fix)


def spec_problem(rulebook: Rulebook, kind: str, spec: JsonObject, name: str = "merged") -> str | None:
    """Say which rule the `spec` of a file of this kind would break, in one sentence; None where it breaks none.

    `name` is the `metadata.name` for which waivers were granted.
    """
    value = {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    for problem in _problems(value, rulebook, is_file=False):
        is_error = (problem.severity or rule_named(problem.rule).severity) is Severity.ERROR
        # What the file says beside its spec is not known here, and was judged when the file was read.
        if (
            is_error
            and problem.pointer[:1] != ("metadata",)
            and not _waiver(value, problem, rulebook.settings)
        ):
            return f"{pointer_text(problem.pointer)}: {problem.rule}: {problem.message}; {problem.fix}"
    return None


def _problems_of_file(document: Document, rulebook: Rulebook) -> list[Problem]:
    problems = list(_problems(document.value, rulebook, document.text, is_file=True))
    file = document.file.rpartition("/")[2]
    stem, _, ending = file.rpartition(".")
    if f".{ending}" not in ENDINGS:
        better = f"{stem}.{ending.lower()}"
        problems.append(
            Problem("file-name", (), f"the name ends in .{bare(ending)}", f"call it {bare(better)}")
        )
    name = text_at(document.value, NAME)
    if name is not None and name != stem and not any(problem.pointer == NAME for problem in problems):
        message = f"the channel is called {shown(name)}, and its file {shown(file)}"
        fix = f"call the file {name}.yaml, or the channel by the name of its file"
        problems.append(Problem("name-matches-file", NAME, message, fix))
    return problems


def _problems(value: JsonObject, rulebook: Rulebook, text: str = "", *, is_file: bool) -> Iterator[Problem]:
    """Give what is wrong with a file that nobody compares with others yet."""
    kind = value.get("kind")
    check = rulebook.checks.get(kind) if isinstance(kind, str) else None
    if check is None:
        yield _unknown_kind(value, rulebook)
        return
    by_code = list(_address_problems(value, rulebook.settings))
    # Code knows more about an address than a pattern can say: of one value, its word counts.
    judged = {problem.pointer for problem in by_code}
    told = check.problems_of_file(value) if is_file else check(value)
    by_schema = [problem for problem in told if problem.pointer not in judged]
    yield from by_schema
    yield from by_code
    judged.update(problem.pointer for problem in by_schema)
    yield from policy_problems(value, rulebook.policy, judged, text)
    yield from own_problems(value, rulebook.settings.own_rules, rulebook.settings.policy)


def _unknown_kind(value: JsonObject, rulebook: Rulebook) -> Problem:
    known = ", ".join(sorted(rulebook.checks))
    if "kind" not in value:
        return Problem("required-field", (), "kind is missing", f"add it: one of {known}", at_key=True)
    kind = value["kind"]
    near = suggestion(kind, list(rulebook.checks)) if isinstance(kind, str) else None
    fix = f"did you mean {near}?" if near else f"the kinds are {known}"
    return Problem("unknown-kind", ("kind",), f"there is no kind {shown(kind)}", fix)


def _address_problems(value: JsonObject, settings: RuleSettings) -> Iterator[Problem]:
    """Judge every origin and URL that is text; what is no text is the schema's business."""
    exempt = settings.allowed_hosts, settings.allowed_punycode
    yield from messaging_problems(value, exempt)
    for pointer in URLS:
        url = text_at(value, pointer)
        if url is not None and (refusal := check_url(url, *exempt)):
            yield _refused(pointer, refusal)
    origins = value_at(value, ORIGINS)
    if isinstance(origins, list) and not are_sound(origins):
        for index, origin in enumerate(origins):
            if isinstance(origin, str) and (refusal := check_origin(origin, *exempt)):
                yield _refused((*ORIGINS, index), refusal)
        yield from _repeated_origins(origins)


def _refused(pointer: Pointer, refusal: Refusal) -> Problem:
    return Problem(refusal.rule, pointer, refusal.message, refusal.fix)


def _repeated_origins(origins: Iterable[Json]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, origin in enumerate(origins):
        if not isinstance(origin, str):
            continue
        first = seen.setdefault(folded(origin), index)
        if first != index:
            message = f"{shown(origin)} is there already, as entry {first + 1}"
            yield Problem("origin-duplicate", (*ORIGINS, index), message, "delete one of them")


def _twins(documents: Iterable[Document]) -> Iterator[tuple[Document, Problem]]:
    """Find files of one folder whose names differ in their ending, or in upper and lower case, alone."""
    by_stem: dict[str, Document] = {}
    for document in documents:
        first = by_stem.setdefault(document.file.rpartition(".")[0].lower(), document)
        if first is not document:
            message = f"{bare(first.file)} differs in upper and lower case or its ending alone"
            yield document, Problem("file-twin", (), message, "keep one of the two files")


def _repeated_ids(documents: Sequence[Document]) -> Iterator[tuple[Document, Problem]]:
    for kind in dict.fromkeys(text_at(document.value, ("kind",)) for document in documents):
        same_kind = [document for document in documents if document.value.get("kind") == kind]
        yield from _repeated(same_kind, ID, "id-unique")


def _repeated(
    documents: Iterable[Document], pointer: Pointer, rule: str
) -> Iterator[tuple[Document, Problem]]:
    """Find every document whose text at a pointer another one has too, and name the other with its line."""
    holders: dict[str, list[Document]] = {}
    for document in documents:
        text = text_at(document.value, pointer)
        if text is not None:
            holders.setdefault(text, []).append(document)
    for text, sharing in holders.items():
        for document in sharing if len(sharing) > 1 else ():
            other = sharing[1] if document is sharing[0] else sharing[0]
            place = other.origin(pointer)
            message = f"{pointer[-1]} {shown(text)} is used in {bare(place.file)}:{place.line} too"
            yield document, Problem(rule, pointer, message, rule_named(rule).fix)


def _channel(document: Document) -> Channel:
    value = document.value
    metadata, spec = value["metadata"], value["spec"]
    return Channel(
        kind=value["kind"],
        name=metadata["name"],
        id=spec.get("id"),
        spec=spec,
        file=document.file,
        owner=metadata.get("owner"),
        labels=metadata.get("labels", {}),
        health_webhook=value.get("monitoring", {}).get("healthWebhook"),
        overlays=patch_files(document),
        overlaid=overlaid_fields(document),
    )


def _item_at(value: Json, pointer: Pointer) -> Json:
    """Give what stands at a pointer of keys and indices; None where nothing does."""
    for step in pointer:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
