"""Install the vendor's clients into throw-away folders, and let them talk with the emulator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from messaging import write
from story import Story, git_environ

from clients.make_models import make_models
from clients.whole import CONFIGURATION, DEPLOYMENT
from reconciler.emulator.serve import Emulator
from reconciler.kinds.web_messaging_configuration import content as settings_of
from reconciler.kinds.web_messaging_deployment import content as deployed_as
from reconciler.transport import WriteTransport

HERE = Path(__file__).resolve().parent
SDK = "PureCloudPlatformClientV2==269.0.0"
NODE_SDK = "purecloud-platform-client-v2"
MODELS = HERE / "models.json"
OBJECTS = 700


def main() -> int:
    """Run what was asked for; 0 where every client agrees with us."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = install_python(folder / "python")
        if sys.argv[1:] == ["models"]:
            package = next((folder / "python").glob("lib/python*/site-packages/PureCloudPlatformClientV2"))
            MODELS.write_text(json.dumps(make_models(package), indent=1, sort_keys=True) + "\n")
            return 0
        wrong = hold_session("the Python SDK", [str(python), str(HERE / "with_python.py")], folder / "a", {})
        node = install_node(folder / "node")
        if node:
            shutil.copy(HERE / "with_node.cjs", node / "with_node.cjs")
            wrong += hold_session(
                "the JavaScript SDK", ["node", str(node / "with_node.cjs")], folder / "b", {}
            )
    for line in wrong:
        print(f"✗ {line}")  # noqa: T201 - a development command tells on stdout
    return 1 if wrong else 0


def install_python(folder: Path) -> Path:
    """Make an environment with the vendor's SDK in it."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run([str(folder / "bin" / "pip"), "install", "--quiet", SDK], check=True)
    return folder / "bin" / "python"


def install_node(folder: Path) -> Path | None:
    """Make a folder with the vendor's JavaScript SDK in it; None where there is no npm."""
    npm = shutil.which("npm")
    if npm is None:
        print("· npm is not there: the JavaScript SDK is left out")  # noqa: T201
        return None
    folder.mkdir()
    subprocess.run([npm, "init", "-y"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    install = [npm, "install", "--silent", "--no-audit", "--no-fund", NODE_SDK]
    subprocess.run(install, cwd=folder, check=True)
    return folder


def hold_session(who: str, command: list[str], folder: Path, more: dict[str, str]) -> list[str]:
    """Write with reconciler, let a client read and write, and name every difference."""
    with Emulator() as emulator:
        environ = {**git_environ(), **emulator.environment(), **more}
        os.environ.update(environ)
        bodies = _apply(Story(folder / "repo", emulator))
        shop = next(iter(emulator.store.web.deployments.all))
        pin = {"id": next(iter(emulator.store.web.configurations.all)), "version": "1"}
        for number in range(OBJECTS - 1):
            emulator.seed_deployment({"name": f"Shop {number}", "configuration": pin})
            emulator.seed_configuration({"name": f"Messenger {number}"})
        now = datetime.now(UTC)
        interval = f"{(now - timedelta(hours=1)).isoformat()}/{(now + timedelta(hours=1)).isoformat()}"
        asked = {"deployment": shop, "bodies": bodies, "interval": interval}
        trusted = {**environ, "NODE_EXTRA_CA_CERTS": environ["SSL_CERT_FILE"]}
        ended = subprocess.run(
            command,
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            env=trusted,
            timeout=300,
            check=False,
        )
        if ended.returncode:
            return [f"{who} failed: {ended.stderr[-2000:]}"]
        wrong = _judge(json.loads(ended.stdout))
        print(f"✓ {who}: {OBJECTS} objects of each kind, {len(bodies)} bodies" if not wrong else f"✗ {who}")  # noqa: T201
        return [f"{who}: {line}" for line in wrong]


def _apply(story: Story) -> list[dict[str, Any]]:
    """Have reconciler write every field that it knows, and give the bodies that went out."""
    sent: list[dict[str, Any]] = []
    whole_send = WriteTransport._count_and_send

    async def noting(
        self: Any, method: str, url: str, headers: Any, body: bytes | None = None, at: Any = None
    ) -> Any:
        if method in ("PUT", "POST") and body and "/webdeployments/" in url:
            sent.append({"path": url.partition("/api/")[2], "body": json.loads(body)})
        return await whole_send(self, method, url, headers, body, at)

    write(story, "WebMessagingConfiguration", "whole", CONFIGURATION)
    write(story, "WebMessagingDeployment", "shop", DEPLOYMENT)
    WriteTransport._count_and_send = noting  # type: ignore[method-assign]
    try:
        for words in (("apply", "--yes"), ("apply", "--yes")):
            ended = story.run(*words, "--probe", "none", "--no-record")
            if ended.code:
                raise SystemExit(f"reconciler ended with {ended.code}: {ended.err}{ended.out}")
            changed = {**CONFIGURATION, "description": "changed"}
            write(story, "WebMessagingConfiguration", "whole", changed)
    finally:
        WriteTransport._count_and_send = whole_send  # type: ignore[method-assign]
    write(story, "WebMessagingConfiguration", "whole", CONFIGURATION)
    return sent


def _judge(seen: dict[str, Any]) -> list[str]:
    wanted = {**CONFIGURATION, "description": "changed"}
    wrong = [
        f"the configuration reads otherwise: {path}" for path in unlike(wanted, settings_of(seen["version"]))
    ]
    shop = {name: value for name, value in DEPLOYMENT.items() if name != "configuration"}
    wrong += [
        f"the deployment reads otherwise: {path}" for path in unlike(shop, deployed_as(seen["deployment"]))
    ]
    expected = {
        "deployments": OBJECTS,
        "configurations": OBJECTS,
        "published": "1",
        "gone": 404,
        "actions": ["Create", "Delete", "Publish", "Save", "Update"],
    }
    wrong += [
        f"{name} is {seen.get(name)!r}, not {value!r}"
        for name, value in expected.items()
        if seen.get(name) != value
    ]
    edited = seen.get("edited", {})
    if (edited.get("description"), edited.get("status")) != ("edited too", "Inactive"):
        wrong.append(f"an edit of its own reads as {edited}")
    return wrong + [f"a body has fields that no model has: {line}" for line in seen.get("unknown", [])]


def unlike(wanted: Any, found: Any, place: str = "") -> list[str]:
    """Name every field of what we wrote that reads otherwise; what the server adds is its own."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [
            line
            for name, value in wanted.items()
            for line in unlike(value, found.get(name), f"{place}/{name}")
        ]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = zip(wanted, found, strict=True)
        return [line for number, pair in enumerate(pairs) for line in unlike(*pair, f"{place}/{number}")]
    return [] if wanted == found else [f"{place}: {found!r}, not {wanted!r}"]


if __name__ == "__main__":
    raise SystemExit(main())
