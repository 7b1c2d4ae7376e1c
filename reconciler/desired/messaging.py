"""The rules of web messaging that a schema cannot say: domains, pins, and what one file says of another.

A deployment names the sites that may open it as bare hosts, and pins one version of a configuration.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from reconciler.desired.catalogue import rule_named
from reconciler.desired.document import Document
from reconciler.desired.origin import check_domain, folded_domain
from reconciler.desired.source import Problem
from reconciler.desired.values import ID, NAME, TITLE, text_at
from reconciler.desired.words import bare, shown, suggestion
from reconciler.model import Json, JsonObject, Pointer

CONFIGURATION = "WebMessagingConfiguration"
DEPLOYMENT = "WebMessagingDeployment"
DOMAINS: Pointer = ("spec", "allowedDomains")
PIN: Pointer = ("spec", "configuration")
REF: Pointer = (*PIN, "ref")


def messaging_problems(
    value: JsonObject, exempt: tuple[Collection[str], Collection[str]]
) -> Iterator[Problem]:
    """Judge one file alone; `exempt` are the allowed hosts and the allowed hosts with `xn--` labels."""
    spec = value.get("spec")
    if value.get("kind") == DEPLOYMENT and isinstance(spec, Mapping):
        yield from _domain_problems(spec, exempt)
        yield from _pin_problems(spec.get("configuration"))


def reference_problems(documents: Sequence[Document]) -> Iterator[tuple[Document, Problem]]:
    """Find pins that lead to no file, and files that mean one object at the remote."""
    yield from _unknown_references(documents)
    for kind in (CONFIGURATION, DEPLOYMENT):
        yield from _shared_names([document for document in documents if document.value.get("kind") == kind])


def _domain_problems(spec: JsonObject, exempt: tuple[Collection[str], Collection[str]]) -> Iterator[Problem]:
    domains, everybody = spec.get("allowedDomains"), spec.get("allowAllDomains")
    yield from _choice_problems(domains, everybody)
    seen: dict[str, int] = {}
    for index, domain in enumerate(domains if isinstance(domains, list) else ()):
        if not isinstance(domain, str):
            continue
        refusal = check_domain(domain, *exempt)
        if refusal is not None:
            yield Problem(refusal.rule, (*DOMAINS, index), refusal.message, refusal.fix)
        first = seen.setdefault(folded_domain(domain), index)
        if first != index:
            message = f"{shown(domain)} is there already, as entry {first + 1}"
            yield Problem("domain-duplicate", (*DOMAINS, index), message, "delete one of them")


def _choice_problems(domains: Json, everybody: Json) -> Iterator[Problem]:
    if everybody is True and isinstance(domains, list) and domains:
        message = "allowAllDomains is true, so that the list of domains restricts nobody"
        fix = "write allowAllDomains: false, or an empty list if every website may open the messenger"
        yield Problem("domain-choice", ("spec", "allowAllDomains"), message, fix)
    # Left out with true, the list is empty; left out with nothing, both are not managed.
    nobody = (domains == [] and everybody is not True) or (everybody is False and domains is None)
    if nobody:
        pointer = DOMAINS if domains == [] else ("spec", "allowAllDomains")
        message = "no domain is allowed, and allowAllDomains is not true"
        fix = "list the domains of the sites that show the messenger; status: Inactive shuts it"
        yield Problem("domain-choice", pointer, message, fix)


def _pin_problems(pin: Json) -> Iterator[Problem]:
    if not isinstance(pin, Mapping) or set(pin) - {"ref", "id", "version"}:
        return
    if "ref" in pin and len(pin) > 1:
        yield _pin_problem("it names a file and a version of its own")
    elif "ref" not in pin and set(pin) != {"id", "version"}:
        missing = [name for name in ("id", "version") if name not in pin]
        yield _pin_problem(
            f"{' and '.join(missing)} of the configuration {'is' if len(missing) == 1 else 'are'} missing"
        )


def _pin_problem(message: str) -> Problem:
    return Problem("configuration-pin", PIN, message, rule_named("configuration-pin").fix)


def _unknown_references(documents: Sequence[Document]) -> Iterator[tuple[Document, Problem]]:
    deployments = [document for document in documents if document.value.get("kind") == DEPLOYMENT]
    if not deployments:
        return
    kinds = {text_at(document.value, NAME): document.value.get("kind") for document in documents}
    configurations = {name: None for name, kind in kinds.items() if name and kind == CONFIGURATION}
    for document in deployments:
        name = text_at(document.value, REF)
        if name is None or name in configurations:
            continue
        near = suggestion(name, configurations)
        listed = ", ".join(list(configurations)[:10])
        known = f"the configurations are {listed}" if listed else "there is none yet"
        message = (
            f"{bare(name)} is a {bare(str(kinds[name]))}, not a {CONFIGURATION}"
            if name in kinds
            else f"no configuration file is named {shown(name)}"
        )
        fix = f"did you mean {near}?" if near else f"write the metadata.name of a configuration file; {known}"
        yield document, Problem("reference-unknown", REF, message, fix)


def _shared_names(documents: Iterable[Document]) -> Iterator[tuple[Document, Problem]]:
    holders: dict[str, list[Document]] = {}
    for document in documents:
        name = text_at(document.value, TITLE)
        if name is not None:
            holders.setdefault(name, []).append(document)
    for name, sharing in holders.items():
        if len(sharing) < 2 or all(text_at(document.value, ID) for document in sharing):
            continue
        for document in sharing:
            other = sharing[1] if document is sharing[0] else sharing[0]
            message = (
                f"name {shown(name)} is used in {bare(other.file)} too, and spec.id does not tell them apart"
            )
            yield (
                document,
                Problem("remote-name-unique", TITLE, message, rule_named("remote-name-unique").fix),
            )
