"""Documents as literals, small enough to read, for the tests of every rendering."""

from __future__ import annotations

import copy
from typing import Any

JsonDict = dict[str, Any]

ORIGINS = "/webchatSettings/corsAllowedOrigins"
APP = "https://app.example.com"
WWW = "https://www.example.com"
NEW = "https://new.example.com"
WHEN = "2026-03-01T10:00:00.000Z"

PLAN: JsonDict = {
    "format": 1,
    "command": "plan",
    "digest": "sha256:" + "1" * 64,
    "commit": "c" * 40,
    "tree": "d" * 40,
    "files": "sha256:" + "2" * 64,
    "rules": "sha256:" + "3" * 64,
    "api": "https://api.example.com",
    "organisation": "org-1",
    "requests": {"GET": 4},
    "summary": {"create": 1, "update": 2, "delete": 1, "unchanged": 7, "unmanaged": 1},
    "exposure": "widens",
    "verdict": f"widens: {ORIGINS} in 2 channels (2 added)",
    "channels": [
        {
            "name": "retired",
            "kind": "WebchatChannel",
            "id": "id-retired",
            "action": "delete",
            "revision": "9",
            "live_name": "Retired",
            "exposure": "narrows",
            "changes": [],
        },
        *(
            {
                "name": name,
                "kind": "WebchatChannel",
                "id": f"id-{name}",
                "action": "update",
                "revision": "3",
                "live_name": name,
                "exposure": "widens",
                "changes": [
                    {"path": ORIGINS, "before": [APP, WWW], "after": [APP, NEW], "exposure": "widens"}
                ],
                "desired": {"spec": {}, "file": f"channels/{name}.yaml", "owner": "digital"},
            }
            for name in ("sales", "support")
        ),
        {
            "name": "fresh",
            "kind": "WebchatChannel",
            "id": "id-fresh",
            "action": "create",
            "revision": None,
            "live_name": None,
            "exposure": "widens",
            "changes": [
                {"path": "/enabled", "before": None, "after": True, "exposure": "widens"},
                {"path": "/name", "before": None, "after": "Fresh", "exposure": "neutral"},
            ],
            "desired": {"spec": {}, "file": "channels/fresh.yaml", "owner": None},
        },
        {
            "name": "Stranger",
            "kind": "WebchatChannel",
            "id": "id-stranger",
            "action": "unmanaged",
            "exposure": "neutral",
            "changes": [],
        },
    ],
    "webhooks": [
        {
            "name": "reconciler-health-support",
            "channel": "support",
            "action": "create",
            "address": "https://monitor.example.com/hooks",
            "id": None,
            "revision": None,
        }
    ],
    "approval": {"required": True, "given": False, "channels": ["fresh", "sales"], "waived": []},
    "waivers": [
        {
            "name": "old-shop",
            "rule": "origin-punycode",
            "channel": "sales",
            "field": "/spec",
            "value": None,
            "reason": "the shop moves in May",
            "owner": "digital",
            "expires": "2026-03-10",
            "daysLeft": 5,
            "state": "ending",
        }
    ],
}

CERTIFICATE: JsonDict = {
    "notBefore": "2026-01-01T00:00:00.000Z",
    "notAfter": "2026-05-01T00:00:00.000Z",
    "daysLeft": 61,
    "issuer": "CN=CA",
    "subject": "CN=support.example.com",
}


def probe(name: str = "support", origin: str = APP, *, ok: bool = True, **fields: Any) -> JsonDict:
    """Give one endpoint check that was accepted, or should have been."""
    whole = {
        "name": name,
        "url": f"wss://{name}.example.com/webchat",
        "origin": origin,
        "expected": "accepted",
        "observed": "accepted" if ok else "refused",
        "ok": ok,
        "stage": "upgraded" if ok else "secured",
        "seconds": 0.142,
        "reason": None if ok else "the endpoint refuses the origin; check that the change has arrived",
        "phases": {"resolve": 0.01, "connect": 0.02, "tls": 0.05, "upgrade": 0.062},
        "tls": "TLSv1.3",
        "address": "192.0.2.1",
        "certificate": CERTIFICATE,
    }
    return whole | fields


def outcome(name: str, result: str = "applied", **fields: Any) -> JsonDict:
    """Give how the update of one channel ended."""
    whole = {
        "name": name,
        "kind": "WebchatChannel",
        "id": f"id-{name}",
        "action": "update",
        "result": result,
        "guard": "if-match",
        "revision": {"before": "3", "after": "4" if result == "applied" else None},
        "attempts": 1,
        "seconds": 0.14,
        "reason": None,
        "warning": None,
        "exposure": "widens",
        "clashes": [],
        "merged": [],
    }
    return whole | fields


ENTRY: JsonDict = {
    "id": "entry-1",
    "name": "support",
    "entity": "id-support",
    "when": "2026-03-01T10:00:01.000Z",
    "action": "Update",
    "actor": {"id": "user-1", "name": "Dana"},
    "client": None,
    "changes": [{"property": "name", "before": "Old", "after": "New"}],
}

DANA: JsonDict = {
    "certainty": "exact",
    "reason": None,
    "actor": {"id": "user-1", "name": "Dana"},
    "class": "person",
    "client": None,
    "when": "2026-03-01T18:00:00.000Z",
    "action": "Update",
    "entry": "entry-2",
}

RUN: JsonDict = {
    "format": 1,
    "command": "apply",
    "run": "0a1b2c3d4e5f",
    "when": WHEN,
    "exit": 4,
    "commit": "c" * 40,
    "tree": "d" * 40,
    "version": "0.1.0",
    "organisation": "org-1",
    "allowedChanges": None,
    "plan": {
        "digest": PLAN["digest"],
        "exposure": "widens",
        "verdict": PLAN["verdict"],
        "summary": PLAN["summary"],
        "files": PLAN["files"],
        "rules": PLAN["rules"],
        "channels": [row for row in PLAN["channels"] if row["action"] != "unmanaged"],
    },
    "held": None,
    "error": None,
    "outcomes": [
        outcome("support"),
        outcome(
            "sales",
            "clashed",
            attempts=0,
            reason="somebody moved what Git manages",
            clashes=[{"path": "/name", "base": "Sales", "theirs": "Sales!", "ours": "Sales 2", "by": DANA}],
        ),
        outcome("fresh", "failed", action="create", reason="the answer was 503"),
    ],
    "webhooks": [
        {"name": "reconciler-health-support", "action": "create", "result": "applied", "reason": None}
    ],
    "probes": [
        probe(),
        probe(origin="https://not-allowed.invalid", expected="refused", observed="refused", stage="secured"),
        probe(origin=WWW, ok=False),
    ],
    "skipped": [{"name": "fresh", "reason": "it is disabled"}],
    "metrics": {
        "updates": {"success": 1, "failure": 2, "latencyAvgMs": 140, "latencyP95Ms": 140},
        "handshakes": {
            "success": 2,
            "failure": 1,
            "successRate": 0.6667,
            "latencyAvgMs": 142,
            "latencyP95Ms": 142,
        },
    },
    "audit": {"entries": [ENTRY], "complete": False, "reason": "it answers late", "omitted": ["fresh"]},
    "requests": {"GET": 5, "PUT": 2},
    "notifications": [
        {
            "name": "monitor",
            "host": "monitor.example.com",
            "delivered": False,
            "attempts": 3,
            "status": 500,
            "reason": "it answered 500; look at what receives there",
        }
    ],
    "record": {
        "branch": "reconciler-record",
        "path": "runs/2026/03/20260301T100000000Z-0a1b2c3d4e5f.json",
        "commit": "e" * 40,
        "pushed": True,
        "reason": None,
    },
}

DRIFT: JsonDict = {
    "format": 1,
    "command": "drift",
    "run": "d00000000001",
    "when": "2026-03-02T03:00:00.000Z",
    "exit": 2,
    "version": "0.1.0",
    "organisation": "org-1",
    "commit": "c" * 40,
    "tree": "d" * 40,
    "requests": {"GET": 3},
    "drifted": 1,
    "summary": {"pending": 1, "drifted": 1, "both": 0, "unmanaged": 1},
    "exposure": "widens",
    "verdict": "drift widens: 1 channel moved; 1 channel not applied yet; 1 live channel in no file",
    "channels": [
        {
            "name": "support",
            "kind": "WebchatChannel",
            "id": "id-support",
            "state": "drifted",
            "file": "channels/support.yaml",
            "owner": "digital",
            "there": True,
            "revision": "5",
            "applied": {"run": "0a1b2c3d4e5f", "when": WHEN},
            "exposure": "widens",
            "fields": [
                {
                    "path": ORIGINS,
                    "state": "drifted",
                    "applied": [APP],
                    "live": [APP, NEW],
                    "desired": [APP],
                    "exposure": "widens",
                    "attribution": DANA,
                }
            ],
            "remedies": [
                {
                    "side": "git",
                    "does": "puts the live channel back to what Git wants",
                    "commands": [
                        "reconciler plan --only support --out plan.json",
                        "reconciler apply plan.json",
                    ],
                }
            ],
        },
        {
            "name": "sales",
            "kind": "WebchatChannel",
            "id": "id-sales",
            "state": "pending",
            "file": "channels/sales.yaml",
            "owner": None,
            "there": True,
            "revision": "2",
            "applied": None,
            "exposure": "neutral",
            "fields": [
                {
                    "path": "/name",
                    "state": "pending",
                    "applied": "Sales",
                    "live": "Sales",
                    "desired": "Sales 2",
                    "exposure": "neutral",
                    "attribution": None,
                }
            ],
            "remedies": [],
        },
        {
            "name": "Stranger",
            "kind": "WebchatChannel",
            "id": "id-stranger",
            "state": "unmanaged",
            "file": None,
            "owner": None,
            "there": True,
            "revision": "1",
            "applied": None,
            "exposure": "neutral",
            "fields": [],
            "remedies": [],
        },
    ],
    "audit": {"complete": True, "reason": None, "omitted": []},
}

VERIFY: JsonDict = {
    "format": 1,
    "command": "verify",
    "probes": RUN["probes"],
    "skipped": RUN["skipped"],
    "metrics": {"handshakes": RUN["metrics"]["handshakes"]},
}
AUDIT: JsonDict = {"format": 1, "command": "audit", **RUN["audit"]}
CHECK: JsonDict = {
    "format": 1,
    "command": "plan check",
    "digest": PLAN["digest"],
    "channels": [
        {"name": "support", "state": "fresh", "reason": None},
        {"name": "sales", "state": "stale", "reason": "live moved from version 3 to 4"},
    ],
}
ADOPT: JsonDict = {
    "format": 1,
    "command": "adopt",
    "files": [{"path": "channels/retail.yaml", "name": "retail", "id": "id-retail", "result": "created"}],
}
REPORT: JsonDict = {
    "format": 1,
    "command": "report",
    "runs": [
        {
            "run": "0a1b2c3d4e5f",
            "when": WHEN,
            "command": "apply",
            "exit": 4,
            "commit": "c" * 40,
            "digest": PLAN["digest"],
            "results": {"applied": 1, "clashed": 1, "failed": 1},
            "probes": {"success": 2, "failure": 1},
        }
    ],
    "chain": {"valid": True, "length": 1, "reason": None},
}
DOCUMENTS: dict[str, JsonDict] = {
    one["command"]: one for one in (PLAN, RUN, DRIFT, VERIFY, AUDIT, CHECK, ADOPT, REPORT)
}


def with_text_everywhere(document: JsonDict, text: str) -> JsonDict:
    """Put a text before every value that somebody else may have written, whatever its name."""
    changed: JsonDict = _replaced(copy.deepcopy(document), text, "")
    return changed


OURS = frozenset(
    (
        "format",
        "command",
        "action",
        "result",
        "state",
        "exposure",
        "expected",
        "observed",
        "side",
        "certainty",
    )
)
"""Fields whose words this tool alone writes, and which decide what is shown."""


def _replaced(value: Any, text: str, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _replaced(inner, text, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, text, key) for inner in value]
    return text + value if isinstance(value, str) and key not in OURS else value
