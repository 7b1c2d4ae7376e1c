"""Channel files and the live documents beside them, and an emulator that serves those."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SERVE = """
import json, os, sys
from reconciler.emulator.serve import Emulator, run_until_signal
with Emulator() as emulator:
    emulator.settings.rate_limit = None
    for document in json.load(open(sys.argv[1])):
        emulator.seed(document)
    json.dump(emulator.environment(), open(sys.argv[2] + ".new", "w"))
    os.rename(sys.argv[2] + ".new", sys.argv[2])
    sys.stdin.read()
"""
FILE = """\
# yaml-language-server: $schema=../schemas/webchat-channel.schema.json
apiVersion: reconciler/v1
kind: WebchatChannel
metadata:
  name: {name}
  owner: {team}
  labels:
    region: {region}
    tier: gold
spec:
  id: {id}
  name: {title}
  description: "{description}"
  enabled: true
  webchatSettings:
    webchatUrl: {url}
    corsAllowedOrigins:
{origins}    authProviderId: {provider}
    webchatId: webchat-instance-{number}
"""


def lay_out(folder: Path, count: int, changed_every: int = 100) -> Path:
    """Write so many channel files, and beside them the live documents, of which one in a hundred differs."""
    channels = folder / "channels"
    channels.mkdir(parents=True)
    live = []
    for number in range(count):
        spec, text = channel(number)
        (channels / f"channel-{number:06d}.yaml").write_text(text)
        if number % changed_every == 0:
            spec["webchatSettings"]["corsAllowedOrigins"] = spec["webchatSettings"]["corsAllowedOrigins"][:-1]
        live.append(spec)
    path = folder / "live.json"
    path.write_text(json.dumps(live))
    return path


def channel(number: int) -> tuple[dict[str, Any], str]:
    """Make one channel as a spec and as a file of about 30 lines; the same for the same number."""
    chance = random.Random(number)
    team = chance.choice(["payments", "retail", "claims", "support", "travel", "loyalty"])
    region = chance.choice(["us-east", "eu-west", "eu-central", "ap-southeast"])
    hosts = ["admin", "app", "beta", "help", "m", "portal", "shop", "www"][: chance.randint(2, 8)]
    origins = [f"https://{host}.t{number}.example.com" for host in hosts]
    spec: dict[str, Any] = {
        "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "name": f"{team} webchat {number:06d}",
        "description": f"Web chat of the {team} team in {region}, number {number}",
        "enabled": True,
        "webchatSettings": {
            "webchatUrl": f"https://chat.t{number}.example.com",
            "corsAllowedOrigins": origins,
            "authProviderId": f"oauth2-provider-{chance.randint(10_000, 99_999)}",
            "webchatId": f"webchat-instance-{number}",
        },
    }
    settings = spec["webchatSettings"]
    text = FILE.format(
        name=f"channel-{number:06d}", team=team, region=region, id=spec["id"], title=spec["name"], number=number,
        description=spec["description"], url=settings["webchatUrl"], provider=settings["authProviderId"],
        origins="".join(f"      - {origin}\n" for origin in origins),
    )  # fmt: skip
    return spec, text


@contextmanager
def served(live: Path) -> Iterator[dict[str, str]]:
    """Serve live documents from a process of its own, and give the environment that leads there."""
    ready = live.with_suffix(".env")
    process = subprocess.Popen([sys.executable, "-c", SERVE, live, ready], stdin=subprocess.PIPE)
    try:
        while not ready.exists():
            if process.poll() is not None:
                raise SystemExit("the emulator ended before it served")
            time.sleep(0.05)
        yield {**os.environ, **json.loads(ready.read_text()), "RECONCILER_CACHE": "off"}
    finally:
        process.communicate()
        ready.unlink(missing_ok=True)
