"""The regions of Genesys Cloud, and the hosts of one: all derive from the domain alike.

Source: `purecloud_region_hosts.py` of the vendor's Python SDK. Nothing here contacts anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

REGIONS: Mapping[str, str] = {
    "mypurecloud.com": "us-east-1",
    "usw2.pure.cloud": "us-west-2",
    "use2.us-gov-pure.cloud": "us-east-2",
    "cac1.pure.cloud": "ca-central-1",
    "sae1.pure.cloud": "sa-east-1",
    "mxc1.pure.cloud": "mx-central-1",
    "mypurecloud.ie": "eu-west-1",
    "euw2.pure.cloud": "eu-west-2",
    "mypurecloud.de": "eu-central-1",
    "euc2.pure.cloud": "eu-central-2",
    "edee1.eusc-pure.cloud": "eusc-de-east-1",
    "mypurecloud.jp": "ap-northeast-1",
    "apne2.pure.cloud": "ap-northeast-2",
    "apne3.pure.cloud": "ap-northeast-3",
    "aps1.pure.cloud": "ap-south-1",
    "apse1.pure.cloud": "ap-southeast-1",
    "mypurecloud.com.au": "ap-southeast-2",
    "mec1.pure.cloud": "me-central-1",
}
"""The public regions: their domain, and where it stands."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where the parts of one organisation's Genesys Cloud are; base addresses without a path."""

    login: str
    cdn: str
    messaging: str
    """`wss://…`"""

    def config_url(self, deployment: str) -> str:
        """Give the address of what browsers load for a deployment."""
        return f"{self.cdn}/webdeployments/v1/deployments/{quote(deployment, safe='')}/config.json"

    def socket_url(self, deployment: str) -> str:
        """Give the address that guests of a deployment open."""
        return f"{self.messaging}/v1?deploymentId={quote(deployment, safe='')}"


def hosts_of(base_url: str) -> Hosts:
    """Derive every host from the API's: `https://api.<domain>`; any other address stands for all of them."""
    scheme, host = base_url.split("://", 1)
    if not host.startswith("api."):
        return Hosts(base_url, base_url, f"wss://{host}")
    domain = host.removeprefix("api.")
    return Hosts(f"{scheme}://login.{domain}", f"{scheme}://api-cdn.{domain}", f"wss://webmessaging.{domain}")


def region_words(base_url: str) -> str:
    """Say which region an API address is in, or which one may be meant."""
    host = base_url.split("://", 1)[1]
    domain = host.removeprefix("api.")
    if domain in REGIONS and domain != host:
        return f"{REGIONS[domain]} ({domain})"
    import difflib

    near = difflib.get_close_matches(domain, REGIONS, n=1, cutoff=0.8)
    hint = f"; did you mean api.{near[0]}?" if near else ""
    return f"{host} is none of the {len(REGIONS)} public regions{hint}"
