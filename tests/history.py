"""A made-up history of any size: applies that add and remove origins, looks that find drift, checks that fail."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from samples import APP, ORIGINS, JsonDict, outcome, probe

BEGAN = datetime(2025, 9, 1, 8, tzinfo=UTC)
PEOPLE = ("Dana", "Eve", "Kim")


def history(*, runs: int, channels: int, touched: int, seed: int = 7) -> Iterator[tuple[str, JsonDict]]:
    """Give records, oldest first, six hours apart: each apply writes and checks `touched` channels."""
    chance = random.Random(seed)
    names = [f"channel-{number:03d}" for number in range(channels)]
    origins: dict[str, list[str]] = {}
    for number in range(runs):
        when = BEGAN + number * timedelta(hours=6)
        run = f"{number:012x}"
        if number % 5 == 4:
            yield run, _look(run, when, chance.sample(sorted(origins), min(3, len(origins))), origins, chance)
        else:
            first = (number - number // 5) * touched % channels
            some = [names[(first + step) % channels] for step in range(touched)]
            yield run, _apply(run, when, some, origins, chance)


def _stamp(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}.000Z"


def _apply(
    run: str, when: datetime, names: list[str], origins: dict[str, list[str]], chance: random.Random
) -> JsonDict:
    rows, outcomes, probes = [], [], []
    for name in names:
        before = origins.get(name)
        after = [*(before or [APP])[-5:], f"https://o{chance.randrange(99)}.example.com"]
        after = sorted(set(after))
        origins[name] = after
        wider = not before or bool(set(after) - set(before))
        exposure = "widens" if wider else "narrows" if before != after else "neutral"
        change = {"path": ORIGINS, "before": before, "after": after, "exposure": exposure}
        spec = {"enabled": True, "webchatSettings": {"corsAllowedOrigins": after}}
        rows.append(
            {
                "name": name,
                "kind": "WebchatChannel",
                "id": f"id-{name}",
                "action": "update" if before else "create",
                "exposure": exposure,
                "changes": [change],
                "desired": {"spec": spec, "file": f"channels/{name}.yaml", "owner": "digital"},
            }
        )
        outcomes.append(outcome(name, exposure=exposure))
        for origin in (*after[:2], "https://not-allowed.invalid"):
            probes.append(_check(name, origin, when, chance))
    failed = any(not one["ok"] for one in probes)
    return {
        "format": 1,
        "command": "apply",
        "run": run,
        "when": _stamp(when),
        "exit": 5 if failed else 0,
        "commit": f"{chance.getrandbits(160):040x}",
        "organisation": "org-1",
        "plan": {"digest": "sha256:" + "1" * 64, "channels": rows, "exposure": "widens"},
        "outcomes": outcomes,
        "probes": probes,
        "requests": {"GET": 5, "PUT": len(names)},
        "audit": {"entries": [], "complete": True, "reason": None, "omitted": []},
    }


def _check(name: str, origin: str, when: datetime, chance: random.Random) -> JsonDict:
    refused = origin.endswith(".invalid")
    ends = BEGAN + timedelta(days=30 + 300 * (hash_of(name) % 97) / 97)
    spent = chance.lognormvariate(-2, 0.4)
    fields = {
        "seconds": spent,
        "phases": {
            "resolve": spent * 0.1,
            "connect": spent * 0.2,
            "tls": spent * 0.4,
            "upgrade": spent * 0.3,
        },
        "certificate": {
            "notBefore": _stamp(BEGAN),
            "notAfter": _stamp(ends),
            "daysLeft": (ends - when).days,
            "issuer": "CN=CA",
            "subject": f"CN={name}",
        },
    }
    if refused:
        fields |= {"expected": "refused", "observed": "refused", "stage": "secured"}
    return probe(name, origin, ok=refused or chance.random() > 0.002, **fields)


def hash_of(text: str) -> int:
    """Give a number that is the same in every process."""
    return sum(ord(letter) * (place + 1) for place, letter in enumerate(text))


def _look(
    run: str, when: datetime, names: list[str], origins: dict[str, list[str]], chance: random.Random
) -> JsonDict:
    channels = [_moved(name, when, origins[name], chance.choice(PEOPLE)) for name in names]
    return {
        "format": 1,
        "command": "drift",
        "run": run,
        "when": _stamp(when),
        "exit": 2 if channels else 0,
        "organisation": "org-1",
        "drifted": len(channels),
        "summary": {"pending": 0, "drifted": len(channels), "both": 0, "unmanaged": 0},
        "exposure": "widens",
        "verdict": f"drift widens: {len(channels)} channels moved",
        "channels": channels,
        "requests": {"GET": 6},
        "audit": {"complete": True, "reason": None, "omitted": []},
    }


def _moved(name: str, when: datetime, applied: list[str], actor: str) -> JsonDict:
    return {
        "name": name,
        "kind": "WebchatChannel",
        "id": f"id-{name}",
        "state": "drifted",
        "file": f"channels/{name}.yaml",
        "there": True,
        "exposure": "widens",
        "fields": [
            {
                "path": ORIGINS,
                "state": "drifted",
                "applied": applied,
                "live": [*applied, "https://console.example.com"],
                "desired": applied,
                "exposure": "widens",
                "attribution": {
                    "certainty": "exact",
                    "actor": {"id": f"id-{actor}", "name": actor},
                    "class": "person",
                    "when": _stamp(when - timedelta(hours=1)),
                    "action": "Update",
                },
            }
        ],
        "remedies": [],
    }
