"""The rules that a channel file must keep, schema and code together: documents in, channels and findings out.

What a schema cannot say is said here: the grammar of origins and URLs, names that match files, what must be unique.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.desired.catalogue import rule_named
from reconciler.desired.check import Check
from reconciler.desired.document import Document
from reconciler.desired.messaging import messaging_problems, reference_problems
from reconciler.desired.origin import Refusal, check_origin, check_url, folded
from reconciler.desired.source import Problem
from reconciler.desired.words import bare, shown, suggestion
from reconciler.model import Channel, Finding, Json, JsonObject, Pointer, Severity, pointer_text

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
NAME: Pointer = ("metadata", "name")
ID: Pointer = ("spec", "id")


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """What the organisation and the operator allow beyond the rules as they stand."""

    allowed_hosts: tuple[str, ...] = ()
    """`host` or `host:port` that may be local or special, from RECONCILER_ALLOW_HOSTS."""
    allowed_punycode: tuple[str, ...] = ()
    """Hosts with `xn--` labels that somebody looked at, from `[rules] allow_punycode`."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules ready for use: one schema a kind, and the settings."""

    checks: Mapping[str, Check]
    """By kind: gives what the schema finds wrong with the value of a whole file."""
    settings: RuleSettings


def make_rulebook(schemas: Mapping[str, JsonObject], settings: RuleSettings) -> Rulebook:
    """Make the rules of the schemas of channel files, whatever their files are called."""
    checks = {str(schema["properties"]["kind"]["const"]): Check(schema) for schema in schemas.values()}
    return Rulebook(checks, settings)


def make_channels(
    documents: Sequence[Document], rulebook: Rulebook
) -> tuple[tuple[Channel, ...], tuple[Finding, ...]]:
    """Judge documents alone and together; a channel is made of each one that breaks no rule of severity error."""
    problems = {document.file: _problems_of_file(document, rulebook) for document in documents}
    for document, problem in _twins(documents):
        problems[document.file].append(problem)
    for document, problem in (*_repeated(documents, NAME, "name-unique"), *_repeated_ids(documents)):
        problems[document.file].append(problem)
    for document, problem in reference_problems(documents):
        problems[document.file].append(problem)
    findings: list[Finding] = []
    channels: list[Channel] = []
    for document in documents:
        found = (*document.flaws, *_beside(document.flaws, document.findings(problems[document.file])))
        findings.extend(found)
        if not any(finding.severity is Severity.ERROR for finding in found):
            channels.append(_channel(document))
    return tuple(sorted(channels, key=lambda channel: channel.name)), tuple(findings)


def _beside(flaws: Sequence[Finding], findings: Sequence[Finding]) -> Iterator[Finding]:
    """Leave out what is said of a node whose writing is in doubt: that is one mistake, not two."""
    doubtful = {flaw.pointer for flaw in flaws}
    return (finding for finding in findings if finding.pointer not in doubtful)


def file_finding(rule: str, file: str, detail: str = "") -> Finding:
    """Make the finding of a file that could not even be read."""
    message = FILE_MESSAGES[rule] + (f": {detail}" if detail else "")
    known = rule_named(rule)
    return Finding(rule, known.severity, file, 1, 1, "", message, known.fix)


def spec_problem(rulebook: Rulebook, kind: str, spec: JsonObject) -> str | None:
    """Say which rule the `spec` of a file of this kind would break, in one sentence; None where it breaks none."""
    value = {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": "merged"}, "spec": spec}
    for problem in _problems(value, rulebook, is_file=False):
        if rule_named(problem.rule).severity is Severity.ERROR:
            return f"{pointer_text(problem.pointer)}: {problem.rule}: {problem.message}; {problem.fix}"
    return None


def _problems_of_file(document: Document, rulebook: Rulebook) -> list[Problem]:
    problems = list(_problems(document.value, rulebook, is_file=True))
    file = document.file.rpartition("/")[2]
    stem, _, ending = file.rpartition(".")
    if f".{ending}" not in ENDINGS:
        better = f"{stem}.{ending.lower()}"
        problems.append(
            Problem("file-name", (), f"the name ends in .{bare(ending)}", f"call it {bare(better)}")
        )
    name = _text_at(document.value, NAME)
    if name is not None and name != stem and not any(problem.pointer == NAME for problem in problems):
        message = f"the channel is called {shown(name)}, and its file {shown(file)}"
        fix = f"call the file {name}.yaml, or the channel by the name of its file"
        problems.append(Problem("name-matches-file", NAME, message, fix))
    return problems


def _problems(value: JsonObject, rulebook: Rulebook, *, is_file: bool) -> Iterator[Problem]:
    """Give what is wrong with a file that nobody compares with others yet."""
    kind = value.get("kind")
    check = rulebook.checks.get(kind) if isinstance(kind, str) else None
    if check is None:
        yield _unknown_kind(value, rulebook)
        return
    by_code = list(_address_problems(value, rulebook.settings))
    # Code knows more about an address than a pattern can say: of one value, its word counts.
    judged = {problem.pointer for problem in by_code}
    by_schema = check.problems_of_file(value) if is_file else check(value)
    yield from (problem for problem in by_schema if problem.pointer not in judged)
    yield from by_code


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
        url = _text_at(value, pointer)
        if url is not None:
            yield from _refused(pointer, check_url(url, *exempt))
    origins = _value_at(value, ORIGINS)
    if isinstance(origins, list):
        for index, origin in enumerate(origins):
            if isinstance(origin, str):
                yield from _refused((*ORIGINS, index), check_origin(origin, *exempt))
        yield from _repeated_origins(origins)


def _refused(pointer: Pointer, refusal: Refusal | None) -> Iterator[Problem]:
    if refusal is not None:
        yield Problem(refusal.rule, pointer, refusal.message, refusal.fix)


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
    for kind in dict.fromkeys(_text_at(document.value, ("kind",)) for document in documents):
        same_kind = [document for document in documents if document.value.get("kind") == kind]
        yield from _repeated(same_kind, ID, "id-unique")


def _repeated(
    documents: Iterable[Document], pointer: Pointer, rule: str
) -> Iterator[tuple[Document, Problem]]:
    """Find every document whose text at a pointer another one has too, and name the other with its line."""
    holders: dict[str, list[Document]] = {}
    for document in documents:
        text = _text_at(document.value, pointer)
        if text is not None:
            holders.setdefault(text, []).append(document)
    for text, sharing in holders.items():
        for document in sharing if len(sharing) > 1 else ():
            other = sharing[1] if document is sharing[0] else sharing[0]
            place = f"{bare(other.file)}:{other.place(pointer)[0]}"
            message = f"{pointer[-1]} {shown(text)} is used in {place} too"
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
    )


def _value_at(value: Json, pointer: Pointer) -> Json:
    for step in pointer:
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def _text_at(value: Json, pointer: Pointer) -> str | None:
    text = _value_at(value, pointer)
    return text if isinstance(text, str) else None
