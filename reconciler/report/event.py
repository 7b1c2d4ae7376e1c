"""What a monitor is told of a run: a CloudEvent, or a text for a chat; short, and without names of people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from reconciler.model import Delivery, JsonObject, Template
from reconciler.report import facts
from reconciler.report.escape import printable, shown
from reconciler.report.wording import EXIT_WORDS, run_verdict

CHANNELS = 100
"""Channels that are named before the rest is counted."""
FAILING = 20
FORMAT = 1
TYPE = "com.github.genesys-reconciler.run"
CONTENT_TYPES: Mapping[Template, str] = {
    Template.CLOUDEVENTS: "application/cloudevents+json; charset=utf-8",
    Template.SLACK: "application/json; charset=utf-8",
    Template.GENERIC: "application/json; charset=utf-8",
}


def event_document(record: JsonObject) -> JsonObject:
    """Give what is worth telling of a run or a look for drift, from its record."""
    channels = [*_ended(record), *_moved(record)]
    probes = facts.rows(record, "probes")
    failing = facts.failing(probes)
    drift = facts.word(record, "command") == "drift"
    return {
        "format": FORMAT,
        **{
            key: facts.word(record, key) or None
            for key in ("command", "run", "when", "organisation", "commit")
        },
        "exit": facts.count(record, "exit"),
        "meaning": EXIT_WORDS.get(facts.count(record, "exit")),
        "verdict": facts.word(record, "verdict") if drift else run_verdict(record),
        "exposure": facts.word(record if drift else facts.part(record, "plan"), "exposure") or None,
        "digest": facts.word(facts.part(record, "plan"), "digest") or None,
        "results": dict(facts.results(facts.rows(record, "outcomes"))),
        "drifted": facts.count(record, "drifted"),
        "checks": {"success": len(probes) - len(failing), "failure": len(failing)},
        "failing": [
            {key: facts.word(probe, key) for key in ("name", "origin", "expected", "observed")}
            for probe in failing[:FAILING]
        ],
        "channels": channels[:CHANNELS],
        "omitted": max(0, len(channels) - CHANNELS),
    }


def message_id(record: JsonObject) -> str:
    """Name the message of a run; the same in every attempt and to every receiver, so that none counts it twice."""
    return f"run_{facts.word(record, 'run')}"


def message_body(record: JsonObject, template: Template) -> bytes:
    """Write the message of a run as a receiver wants it."""
    event = event_document(record)
    body = BODIES[template](event, message_id(record))
    return json.dumps(body, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()


def deliveries_document(deliveries: Sequence[Delivery]) -> list[JsonObject]:
    """Say for the record who was told, and who could not be."""
    return [
        {
            "name": delivery.name,
            "host": delivery.host,
            "delivered": delivery.delivered,
            "attempts": delivery.attempts,
            "status": delivery.status,
            "reason": delivery.reason,
        }
        for delivery in deliveries
    ]


def is_problem(record: JsonObject) -> bool:
    """Say whether a run left something to do."""
    return facts.number(record, "exit") != 0


def _ended(record: JsonObject) -> list[JsonObject]:
    outcomes = sorted(facts.rows(record, "outcomes"), key=lambda row: facts.word(row, "result") in facts.DONE)
    keys = ("name", "kind", "action", "result", "exposure")
    return [{key: facts.word(outcome, key) for key in keys} for outcome in outcomes]


def _moved(record: JsonObject) -> list[JsonObject]:
    keys = ("name", "kind", "state", "exposure")
    return [{key: facts.word(channel, key) for key in keys} for channel in facts.rows(record, "channels")]


def _cloudevent(event: JsonObject, message: str) -> JsonObject:
    return {
        "specversion": "1.0",
        "id": message,
        "source": f"/reconciler/{event['organisation'] or 'unknown'}",
        "type": f"{TYPE}.{event['command'] or 'unknown'}",
        "subject": event["run"] or "unknown",
        **({"time": event["when"]} if event["when"] else {}),
        "datacontenttype": "application/json",
        "data": event,
    }


def _slack(event: JsonObject, _: str) -> JsonObject:
    """Write a text in which nothing is a mention or a link: Slack's three characters are escaped."""
    lines = [f"*{_title(event)}*", shown(str(event["verdict"]), 500)]
    lines += [
        f"• {row['name']}: {row.get('result') or row.get('state')}, {row['exposure']}" for row in _bad(event)
    ]
    lines.append(f"run {event['run']}, commit {str(event['commit'] or 'none')[:10]}")
    text = "\n".join(printable(line) for line in lines)
    return {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}


def _generic(event: JsonObject, message: str) -> JsonObject:
    return {
        "id": message,
        "title": _title(event),
        "text": shown(str(event["verdict"]), 500),
        "status": "ok" if event["exit"] == 0 else "problem",
        "time": event["when"],
        "run": event,
    }


def _title(event: JsonObject) -> str:
    """Name the run: `apply of org-1: exit 4`."""
    return shown(f"{event['command']} of {event['organisation']}: exit {event['exit']}", 200)


def _bad(event: JsonObject) -> list[JsonObject]:
    """Give the channels that somebody should look at, ten at the most."""
    found = [row for row in event["channels"] if row.get("result") not in (*facts.DONE,)]
    return found[:10]


BODIES = {Template.CLOUDEVENTS: _cloudevent, Template.SLACK: _slack, Template.GENERIC: _generic}
