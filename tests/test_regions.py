from __future__ import annotations

import pytest

from reconciler.errors import UsageError
from reconciler.regions import REGIONS, Hosts, hosts_of, region_words
from reconciler.settings import is_loopback, read_hosts


def test_there_are_eighteen_regions_each_once() -> None:
    assert len(REGIONS) == len(set(REGIONS.values())) == 18


@pytest.mark.parametrize("domain", REGIONS)
def test_every_host_of_a_region_derives_from_its_domain(domain: str) -> None:
    _, hosts = read_hosts({"GENESYS_ENV_URL": f"https://api.{domain}"})

    assert hosts == Hosts(
        f"https://login.{domain}", f"https://api-cdn.{domain}", f"wss://webmessaging.{domain}"
    )
    assert region_words(f"https://api.{domain}") == f"{REGIONS[domain]} ({domain})"


def test_the_addresses_of_a_deployment_hold_its_id_as_one_segment() -> None:
    hosts = hosts_of("https://api.mypurecloud.com")

    assert hosts.config_url("a/b") == (
        "https://api-cdn.mypurecloud.com/webdeployments/v1/deployments/a%2Fb/config.json"
    )
    assert hosts.socket_url("a&b") == "wss://webmessaging.mypurecloud.com/v1?deploymentId=a%26b"


@pytest.mark.parametrize(
    ("base", "messaging"),
    [
        ("https://127.0.0.1:8443", "wss://127.0.0.1:8443"),
        ("http://localhost:8080", "wss://localhost:8080"),
        ("https://gateway.example.com", "wss://gateway.example.com"),
    ],
)
def test_an_address_that_is_no_api_host_stands_for_all_parts(base: str, messaging: str) -> None:
    assert hosts_of(base) == Hosts(base, base, messaging)


def test_each_part_can_be_elsewhere() -> None:
    environ = {
        "GENESYS_ENV_URL": "https://api.mypurecloud.com",
        "GENESYS_CDN_URL": "https://cdn.example.com/",
        "GENESYS_MESSAGING_URL": "wss://chat.example.com:444",
    }

    hosts = read_hosts(environ)[1]

    assert (hosts.cdn, hosts.messaging) == ("https://cdn.example.com", "wss://chat.example.com:444")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GENESYS_CDN_URL", "http://cdn.example.com"),
        ("GENESYS_CDN_URL", "https://cdn.example.com/path"),
        ("GENESYS_MESSAGING_URL", "https://chat.example.com"),
        ("GENESYS_MESSAGING_URL", "ws://chat.example.com"),
        ("GENESYS_MESSAGING_URL", "wss://user@chat.example.com"),
    ],
)
def test_an_address_of_another_form_is_wrong_usage(variable: str, value: str) -> None:
    with pytest.raises(UsageError, match=variable):
        read_hosts({"GENESYS_ENV_URL": "https://api.mypurecloud.com", variable: value})


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("https://127.0.0.1:8443", True),
        ("wss://localhost", True),
        ("https://[::1]:8443", True),
        ("https://localhost.example.com", False),
        ("wss://127.0.0.1.example.com:443", False),
    ],
)
def test_only_this_machine_is_this_machine(url: str, *, local: bool) -> None:
    assert is_loopback(url) is local


def test_a_misspelt_region_is_asked_about() -> None:
    assert "did you mean api.mypurecloud.ie?" in region_words("https://api.mypurcloud.ie")
    assert region_words("https://gateway.example.com") == (
        "gateway.example.com is none of the 18 public regions"
    )
