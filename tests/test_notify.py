"""Monitors are told of runs: judged by a receiver with the public libraries, and by what the record says."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from jsonschema import Draft202012Validator
from process import recorded, start, until
from receiver import Monitor, monitor
from samples import DRIFT, RUN
from standardwebhooks import Webhook, WebhookVerificationError
from story import IDS, Story
from test_output_schemas import problems

from reconciler.acts.load import shipped
from reconciler.acts.notify import ATTEMPTS, sign, tell
from reconciler.desired.receivers import read_receivers
from reconciler.errors import UsageError
from reconciler.model import Delivery, Receiver, Template
from reconciler.report.event import event_document, message_body
from reconciler.settings import load_settings, read_monitors

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Clock:
    """A clock that never waits, and remembers for how long it should have."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def chance(self) -> float:
        return 0.5


@pytest.fixture
def there(tmp_path: Path) -> Iterator[tuple[Monitor, Any]]:
    """Run a monitor, and make settings that may reach it."""
    ca_file = tmp_path / "ca.pem"
    with monitor(ca_file) as one:
        environ = {"SSL_CERT_FILE": str(ca_file), "RECONCILER_ALLOW_HOSTS": f"localhost:{one.port}"}
        yield one, load_settings(tmp_path, {}, environ)


def told(one: Receiver, settings: Any, record: Any = RUN, clock: Clock | None = None) -> Delivery | None:
    deliveries = asyncio.run(tell([one], record, settings, clock or Clock()))
    return deliveries[0] if deliveries else None


def test_the_signature_is_that_of_the_specification() -> None:
    key = base64.b64decode("plJ3nmyCDGBKInavdOK15jsl")
    when = datetime.fromtimestamp(1731705121, UTC)
    body = b'{"event_type":"ping","data":{"success":true}}'
    signature = "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="
    assert sign(key, "msg_loFOjxBNrRLzqYUf", when, body) == signature


def test_a_message_is_a_signed_cloudevent(there: tuple[Monitor, Any]) -> None:
    one, settings = there
    delivery = told(Receiver("monitor", one.url, KEY), settings)
    assert delivery == Delivery("monitor", "localhost", delivered=True, attempts=1, status=204)
    (message,) = one.told
    assert message.path == "/hooks/reconciler"
    assert message.headers["Host"] == f"localhost:{one.port}"
    assert Webhook(SECRET).verify(message.body, message.headers)["data"] == event_document(RUN)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(message.body.replace(b"org-1", b"org-2"), message.headers)
    event = from_http_event(HTTPMessage(message.headers, message.body))
    assert event.get_type() == "com.github.genesys-reconciler.run.apply"
    assert (event.get_source(), event.get_subject()) == ("/reconciler/org-1", RUN["run"])
    assert event.get_id() == message.headers["webhook-id"] == f"run_{RUN['run']}"
    data = event.get_data()
    assert (data["exit"], data["results"], data["checks"]) == (
        4,
        {"applied": 1, "clashed": 1, "failed": 1},
        {"success": 2, "failure": 1},
    )
    assert [row["name"] for row in data["channels"]] == ["sales", "fresh", "support"]


def test_the_event_holds_to_its_schema() -> None:
    schema = json.loads((shipped("schemas") / "output" / "event.schema.json").read_bytes())
    Draft202012Validator.check_schema(schema)
    for record in (RUN, DRIFT):
        assert list(Draft202012Validator(schema).iter_errors(event_document(record))) == []
        assert list(Draft202012Validator(schema).iter_errors({**event_document(record), "more": 1}))


def test_names_of_people_are_not_told() -> None:
    for record in (RUN, DRIFT):
        for template in Template:
            assert b"Dana" not in message_body(record, template)


def test_the_same_message_is_tried_again_a_few_times(there: tuple[Monitor, Any]) -> None:
    one, settings = there
    one.answers = [503, 429, 200]
    clock = Clock()
    delivery = told(Receiver("monitor", one.url, KEY), settings, clock=clock)
    assert delivery == Delivery("monitor", "localhost", delivered=True, attempts=3, status=200)
    assert len({message.headers["webhook-id"] for message in one.told}) == 1
    assert len({message.body for message in one.told}) == 1
    assert clock.slept == [1.5, 3.0]
    one.answers, one.told = [500], []
    delivery = told(Receiver("monitor", one.url), settings)
    assert (len(one.told), delivery and delivery.attempts, delivery and delivery.status) == (
        ATTEMPTS,
        ATTEMPTS,
        500,
    )
    assert delivery
    assert delivery.reason == "it answered 500; look at what receives there"


@pytest.mark.parametrize("status", [302, 400, 401, 404, 410])
def test_what_would_not_go_better_is_not_tried_again(status: int, there: tuple[Monitor, Any]) -> None:
    one, settings = there
    one.answers = [status]
    delivery = told(Receiver("monitor", one.url), settings)
    assert delivery
    assert (delivery.delivered, delivery.attempts, delivery.status) == (False, 1, status)
    assert len(one.told) == 1


def test_a_private_address_is_refused_before_a_byte_is_sent(there: tuple[Monitor, Any]) -> None:
    one, settings = there
    delivery = told(Receiver("monitor", one.url), replace(settings, allow_hosts=()))
    assert delivery
    assert (delivery.delivered, delivery.attempts, delivery.status) == (False, 0, None)
    assert "RECONCILER_ALLOW_HOSTS" in str(delivery.reason)
    assert one.told == []


def test_a_receiver_with_another_certificate_is_not_told(there: tuple[Monitor, Any], tmp_path: Path) -> None:
    one, settings = there
    other = tmp_path / "other.pem"
    with monitor(other):
        delivery = told(Receiver("monitor", one.url), replace(settings, ca_file=other))
    assert delivery
    assert (delivery.delivered, delivery.attempts) == (False, 1)
    assert "certificate" in str(delivery.reason)
    assert one.told == []


def test_only_problems_are_told_where_that_is_asked_for(there: tuple[Monitor, Any]) -> None:
    one, settings = there
    picky = Receiver("monitor", one.url, problems_only=True)
    assert told(picky, settings, {**RUN, "exit": 0}) is None
    assert told(picky, settings, RUN)
    assert len(one.told) == 1


def test_a_chat_reads_text_in_which_nothing_is_a_mention_or_a_link() -> None:
    hostile = {
        **DRIFT,
        "organisation": "<!channel>",
        "verdict": "drift & <https://evil.example.com|widens>\u202e",
        "channels": [{**DRIFT["channels"][0], "name": "<@U123>\n*bold*"}],
    }
    text = json.loads(message_body(hostile, Template.SLACK))["text"]
    assert "<" not in text
    assert ">" not in text
    assert "&lt;!channel&gt;" in text
    assert "drift &amp; &lt;https://evil" in text
    assert "• &lt;@U123&gt;\\u{a}*bold*: drifted, widens" in text.splitlines()
    assert all(letter.isprintable() or letter == "\n" for letter in text)


def test_the_generic_form_is_flat() -> None:
    body = json.loads(message_body(RUN, Template.GENERIC))
    assert body["title"] == "apply of org-1: exit 4"
    assert (body["status"], body["run"]["run"], body["id"]) == ("problem", RUN["run"], f"run_{RUN['run']}")
    assert body["text"].startswith("1 of 3 changes applied")


def test_of_many_channels_the_first_are_named_and_the_rest_is_counted() -> None:
    many = {**RUN, "outcomes": [{**RUN["outcomes"][0], "name": f"c{number}"} for number in range(250)]}
    event = event_document(many)
    assert (len(event["channels"]), event["omitted"]) == (100, 150)
    assert len(message_body(many, Template.CLOUDEVENTS)) < 64_000


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"a": {}}, "[notify.a] needs url, or url_env"),
        ({"a": {"url": "https://a.example.com", "url_env": "URL"}}, "and not both"),
        ({"a": {"url": "http://a.example.com/"}}, "[notify.a]"),
        ({"a": {"url": "https://10.0.0.1/"}}, "[notify.a]"),
        ({"a": {"url": "https://user:secret@a.example.com/"}}, "[notify.a]"),
        ({"a": {"url": "https://a.example.com", "secret": "x"}}, "has no setting"),
        (
            {"a": {"url": "https://a.example.com", "template": "teams"}},
            "cloudevents, slack, generic are allowed",
        ),
        ({"a": {"url": "https://a.example.com", "when": "never"}}, "always, problem are allowed"),
        ({"a": {"url": 1}}, "url must be a text"),
        ({"a": 1}, "must be a table"),
        ({"A b": {"url": "https://a.example.com"}}, "must be named by"),
        (
            {"a": {"url": "https://a.example.com", "secret_env": "MISSING"}},
            "MISSING that secret_env names is not set",
        ),
        ({"a": {"url": "https://a.example.com", "secret_env": "SHORT"}}, "openssl rand -base64 32"),
        ({"a": {"url_env": "BAD_URL"}}, "its address is not allowed"),
        ({f"a{number}": {"url": "https://a.example.com"} for number in range(21)}, "20 are allowed"),
    ],
)
def test_what_is_wrong_with_a_receiver_is_said_without_its_secrets(tables: Any, words: str) -> None:
    environ = {"SHORT": "whsec_c2hvcnQ=", "BAD_URL": "http://canary.example.com/s3cret"}
    with pytest.raises(ValueError, match=r"\[notify") as caught:
        read_receivers(tables, environ)
    assert words in str(caught.value)
    assert not any(secret in str(caught.value) for secret in ("c2hvcnQ", "s3cret", "canary"))


def test_a_receiver_shows_neither_its_address_nor_its_key() -> None:
    table = {"chat": {"url_env": "URL", "secret_env": "KEY", "template": "slack", "when": "problem"}}
    (one,) = read_receivers(table, {"URL": "https://hooks.example.com/T0/s3cret", "KEY": SECRET})
    assert (one.url, one.key, one.problems_only) == ("https://hooks.example.com/T0/s3cret", KEY, True)
    assert "s3cret" not in repr(one)
    assert repr(KEY) not in repr(one)


# Whole stories.


@pytest.fixture
def watched(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Story, Monitor]]:
    """Tell a story that a monitor is told of, by an address that is a secret."""
    ca_file = tmp_path / "both.pem"
    ca_file.write_bytes(Path(os.environ["SSL_CERT_FILE"]).read_bytes())
    with monitor(ca_file) as one:
        monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
        allowed = os.environ["RECONCILER_ALLOW_HOSTS"]
        monkeypatch.setenv("RECONCILER_ALLOW_HOSTS", f"{allowed},localhost:{one.port}".lstrip(","))
        monkeypatch.setenv("MONITOR_SECRET", SECRET)
        monkeypatch.setenv("MONITOR_URL", one.url.replace("hooks", "c4n4ry"))
        (story.repo / "reconciler.toml").write_text(
            '[notify.monitor]\nurl_env = "MONITOR_URL"\nsecret_env = "MONITOR_SECRET"\n'
        )
        yield story, one


def test_an_apply_tells_its_monitors_and_records_that_it_did(watched: tuple[Story, Monitor]) -> None:
    story, one = watched
    story.write("support", 0)
    story.commit()
    code, document = story.json("apply", "--yes")
    assert (code, problems("apply", document)) == (0, [])
    (message,) = one.told
    event = Webhook(SECRET).verify(message.body, message.headers)
    assert (event["data"]["run"], event["data"]["results"]) == (document["run"], {"applied": 1})
    assert document["notifications"] == [
        {
            "name": "monitor",
            "host": "localhost",
            "delivered": True,
            "attempts": 1,
            "status": 204,
            "reason": None,
        }
    ]
    assert story.json("report", "latest")[1]["notifications"] == document["notifications"]


def test_a_monitor_that_is_down_changes_nothing_of_the_run_and_its_secrets_show_nowhere(
    watched: tuple[Story, Monitor],
) -> None:
    story, one = watched
    one.answers = [404]
    story.write("support", 0)
    story.commit()
    ended = story.run("apply", "--yes", "--verbose")
    assert ended.code == 0
    assert "monitor (localhost) could not be told of this run: it answered 404" in ended.err
    record = story.git("show", "reconciler-record", "--stat", "--patch")
    assert '"delivered": false' in record
    for text in (ended.out, ended.err, record, story.run("report", "html").out):
        assert "c4n4ry" not in text
        assert SECRET not in text


def test_after_a_signal_the_record_comes_first(watched: tuple[Story, Monitor]) -> None:
    story, one = watched
    for number, name in enumerate(("a", "b")):
        story.write(name, number)
    story.commit()
    story.emulator.add_fault({"do": "delay", "seconds": 1.0, "method": "PUT", "path": "*"})
    tool = start(story, "apply", "--yes", "--concurrency", "1", "--format", "json")
    until(lambda: bool(story.requests("PUT")), "the first write")
    tool.send(signal.SIGINT)
    ended = tool.ended()
    assert ended.code == 130
    (record,) = recorded(story)
    assert (record["exit"], "notifications" in record) == (130, False)
    (message,) = one.told
    data = Webhook(SECRET).verify(message.body, message.headers)["data"]
    assert (data["exit"], data["run"]) == (130, record["run"])


def test_drift_is_told_when_it_is_news(watched: tuple[Story, Monitor]) -> None:
    story, one = watched
    story.write("support", 0)
    story.commit()
    assert story.run("apply", "--yes").code == 0
    story.emulator.edit(IDS[0], {"name": "Dana's"}, user="Dana")
    one.told.clear()
    for _ in range(2):
        code, document = story.json("drift")
        assert (code, problems("drift", document)) == (2, [])
    (message,) = one.told
    data = Webhook(SECRET).verify(message.body, message.headers)["data"]
    assert (data["command"], data["drifted"]) == ("drift", 1)
    assert [(row["name"], row["state"]) for row in data["channels"]] == [("support", "drifted")]


def test_a_receiver_that_cannot_be_read_stops_a_run_before_it_writes(
    watched: tuple[Story, Monitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    story, one = watched
    story.write("support", 0)
    monkeypatch.delenv("MONITOR_SECRET")
    ended = story.run("apply", "--yes")
    assert (ended.code, story.writes(), one.told) == (64, [], [])
    assert "MONITOR_SECRET" in ended.err
    with pytest.raises(UsageError):
        read_monitors(load_settings(story.repo, {}, os.environ), os.environ)
