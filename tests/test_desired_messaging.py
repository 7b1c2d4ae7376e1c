from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.acts.load import load_schemas
from reconciler.desired.document import Document, read_document
from reconciler.desired.policy import Policy
from reconciler.desired.rules import RuleSettings, judge, make_rulebook
from reconciler.model import Finding

BOOK = make_rulebook(
    load_schemas(),
    RuleSettings(
        policy=Policy(severities={"domain-everybody": None, "title-unique": None}),
        allowed_punycode=("xn--bcher-kva.example.com",),
    ),
)
ID = "5a0c0f0e-1111-4222-8333-444455556666"


def document(kind: str, name: str, spec: dict[str, Any]) -> Document:
    value = {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    made = read_document(f"channels/{name}.yaml", json.dumps(value, indent=1).encode())
    assert isinstance(made, Document), made
    return made


def configuration(name: str = "messenger", /, **spec: Any) -> Document:
    return document("WebMessagingConfiguration", name, {"name": name.title(), **spec})


def deployment(name: str = "shop", /, **spec: Any) -> Document:
    whole = {
        "name": name.title(),
        "status": "Active",
        "allowAllDomains": False,
        "allowedDomains": ["shop.example.com"],
        "configuration": {"ref": "messenger"},
        **spec,
    }
    return document("WebMessagingDeployment", name, {k: v for k, v in whole.items() if v is not ...})


def found(*documents: Document) -> list[tuple[str, str]]:
    return [(one.rule, one.pointer) for one in findings(*documents)]


def findings(*documents: Document) -> tuple[Finding, ...]:
    return judge(documents, BOOK).findings


def test_a_deployment_and_its_configuration_are_valid_and_become_channels() -> None:
    channels, wrong, _ = judge([configuration(), deployment()], BOOK)

    assert wrong == ()
    assert [(channel.kind, channel.name, channel.id) for channel in channels] == [
        ("WebMessagingConfiguration", "messenger", None),
        ("WebMessagingDeployment", "shop", None),
    ]


@pytest.mark.parametrize(
    "domain", ["shop.example.com", "a-b.example.com", "xn--bcher-kva.example.com", "1.example.com"]
)
def test_a_bare_host_is_a_domain(domain: str) -> None:
    assert found(configuration(), deployment(allowedDomains=[domain])) == []


@pytest.mark.parametrize(
    ("domain", "about"),
    [
        ("https://shop.example.com", "scheme"),
        ("shop.example.com:8443", "port"),
        ("shop.example.com/", "path"),
        ("shop.example.com/checkout", "path"),
        ("user@shop.example.com", "path"),
        ("shop.example.com?a=b", "path"),
        ("*.example.com", "wildcard"),
        ("*", "wildcard"),
        ("Shop.example.com", "case"),
        ("shop.example.com.", "host"),
        ("shop", "host"),
        ("shop_one.example.com", "host"),
        ("-shop.example.com", "host"),
        ("shop..example.com", "host"),
        ("", "host"),
        (" shop.example.com", "host"),
        ("192.0.2.1", "ip-address"),
        ("[2001:db8::1]", "ip-address"),
        ("0x7f.1", "ip-address"),
        ("shop.localhost", "special-name"),
        ("intranet.local", "special-name"),
        ("xn--80ak6aa92e.com", "punycode"),
        ("bücher.example.com", "punycode"),
        ("a." + "b" * 64 + ".com", "host"),
    ],
)
def test_what_is_no_bare_host_is_refused(domain: str, about: str) -> None:
    pointer = "/spec/allowedDomains/0"

    assert found(configuration(), deployment(allowedDomains=[domain])) == [(f"domain-{about}", pointer)]


def test_the_way_out_names_the_domain_that_is_meant() -> None:
    (upper,) = findings(configuration(), deployment(allowedDomains=["Shop.Example.com"]))
    (scheme,) = findings(configuration(), deployment(allowedDomains=["https://shop.example.com/"]))

    assert [upper.fix, scheme.fix] == ['write "shop.example.com"'] * 2


def test_a_domain_that_is_there_twice_is_found_however_it_is_spelt() -> None:
    domains = ["shop.example.com", "www.example.com", "shop.example.com"]

    assert found(configuration(), deployment(allowedDomains=domains)) == [
        ("domain-duplicate", "/spec/allowedDomains/2")
    ]


@pytest.mark.parametrize(
    ("everybody", "domains", "pointer"),
    [
        (True, ["shop.example.com"], "/spec/allowAllDomains"),
        (False, [], "/spec/allowedDomains"),
        (False, ..., "/spec/allowAllDomains"),
        (..., [], "/spec/allowedDomains"),
    ],
)
def test_domains_and_all_domains_must_agree(everybody: Any, domains: Any, pointer: str) -> None:
    file = deployment(allowAllDomains=everybody, allowedDomains=domains)

    assert found(configuration(), file) == [("domain-choice", pointer)]


@pytest.mark.parametrize(
    ("everybody", "domains"), [(True, []), (True, ...), (..., ["shop.example.com"]), (..., ...)]
)
def test_what_is_left_out_is_not_judged(everybody: Any, domains: Any) -> None:
    assert found(configuration(), deployment(allowAllDomains=everybody, allowedDomains=domains)) == []


@pytest.mark.parametrize("version", ["3", 3])
def test_a_pin_may_name_id_and_version(version: Any) -> None:
    assert found(deployment(configuration={"id": ID, "version": version})) == []


@pytest.mark.parametrize(
    "pin",
    [{}, {"id": ID}, {"version": "1"}, {"ref": "messenger", "version": "1"}, {"ref": "messenger", "id": ID}],
)
def test_half_a_pin_and_two_pins_are_refused(pin: dict[str, Any]) -> None:
    assert found(configuration(), deployment(configuration=pin)) == [
        ("configuration-pin", "/spec/configuration")
    ]


@pytest.mark.parametrize("version", ["0", "DRAFT", "-1", "1.5", 0, True])
def test_only_published_versions_can_be_pinned(version: Any) -> None:
    (finding,) = findings(deployment(configuration={"id": ID, "version": version}))

    assert finding.pointer == "/spec/configuration/version"


def test_a_reference_leads_to_a_configuration_file() -> None:
    misspelt = deployment(configuration={"ref": "mesenger"})
    wrong_kind = deployment("www", configuration={"ref": "shop"}, name="Www")

    (finding,) = findings(configuration(), misspelt)
    assert (finding.rule, finding.fix) == ("reference-unknown", "did you mean messenger?")
    assert found(configuration(), deployment(), wrong_kind) == [
        ("reference-unknown", "/spec/configuration/ref")
    ]
    assert "there is none yet" in findings(deployment())[0].fix


def test_files_without_an_id_must_differ_in_the_name_at_the_remote() -> None:
    twins = [deployment("north", name="Shop"), deployment("south", name="Shop")]
    told_apart = [
        deployment("north", name="Shop", id=ID),
        deployment("south", name="Shop", id=ID.replace("5a", "5b")),
    ]

    assert found(configuration(), *twins) == [("remote-name-unique", "/spec/name")] * 2
    assert found(configuration(), *told_apart) == []


def test_status_has_no_default_in_a_deployment_and_is_no_field_of_a_configuration() -> None:
    assert found(configuration(), deployment(status=...)) == [("required-field", "/spec")]
    assert found(configuration(status="Active")) == [("unknown-field", "/spec/status")]


@pytest.mark.parametrize("status", ["active", "Pending", "Error", "Deleting", True])
def test_only_two_states_can_be_wanted(status: Any) -> None:
    (finding,) = findings(configuration(), deployment(status=status))

    assert finding.pointer == "/spec/status"


@pytest.mark.parametrize(
    ("spec", "rule"),
    [
        ({"messenger": {"homeScreen": {"logoUrl": "http://example.com/a.png"}}}, "url-https"),
        ({"messenger": {"launcherButton": {"visibility": "Always"}}}, "wrong-value"),
        ({"authenticationSettings": {"enabled": True}}, "required-field"),
        ({"authenticationSettings": {"enabled": True, "integrationId": "none"}}, "auth-provider"),
        ({"languages": ["en-US"]}, "wrong-value"),
        ({"journeyEvents": {"idleEvents": [{"eventName": "idle", "idleAfterSeconds": 5}]}}, "wrong-value"),
        ({"mesenger": {}}, "unknown-field"),
    ],
)
def test_a_configuration_is_judged_in_depth(spec: dict[str, Any], rule: str) -> None:
    assert [one for one, _ in found(configuration(**spec))] == [rule]
