"""The defects of `docs/seed-defects.md`, each as a change to the running program that puts it back.

    SEED_DEFECT=S2 .venv/bin/pytest -n 0 tests/test_story_apply.py

runs tests against a program that has S2. `tests/test_seed_defects.py` sees that the tests named in the table then fail.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from reconciler import run, settings, transport
from reconciler.acts import connect, load, told
from reconciler.acts.apply import Carrier
from reconciler.decide import limits, merge, plan, webhooks
from reconciler.desired import origin, rules, words
from reconciler.errors import Rejected, Unauthorized, VersionConflict
from reconciler.genesys import answers, audit, client, pacing
from reconciler.genesys.audit import _Trail
from reconciler.genesys.client import Client
from reconciler.kinds import webchat
from reconciler.model import Action, Result
from reconciler.probe import address, upgrade
from reconciler.report import escape, metrics

MUTANTS: dict[str, Callable[[], None]] = {}


def defect(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register what puts a defect back."""

    def register(put_back: Callable[[], None]) -> Callable[[], None]:
        MUTANTS[name] = put_back
        return put_back

    return register


def swap(original: Any, changed: Any) -> None:
    """Change what a function does, wherever it has been imported to."""
    original.__code__ = changed.__code__


@defect("S1")
def first_write_without_version() -> None:
    put = Client.put

    async def blind(self: Client, path: str, body: Any, **_: Any) -> Any:
        return await put(self, path, {name: value for name, value in body.items() if name != "version"})

    Client.put = blind


@defect("S2")
def old_body_under_a_new_version() -> None:
    def settle(kind, base, theirs, spec, why_invalid, takes=None):
        return Retry(spec, theirs)  # noqa: F821 - a name of the changed module

    swap(merge.settle, settle)


@defect("S3")
def everything_is_written_every_time() -> None:
    decide = plan._change

    def always(channel: Any, live: Any, *given: Any) -> Any:
        change = decide(channel, live, *given)
        return replace(change, action=Action.UPDATE, live=live) if live else change

    plan._change = always


@defect("S3-erasing")
def unknown_fields_are_not_sent_back() -> None:
    def body(spec, live):
        return {**spec, "version": live.document["version"]} if live else spec

    swap(webchat._body, body)


@defect("S4")
def only_409_is_a_conflict() -> None:
    def about_the_version(call, status, words):
        return status == 409

    swap(answers._is_about_the_version, about_the_version)


@defect("S5")
def a_lost_answer_is_a_failure() -> None:
    async def settle(self: Carrier, attempt: Any) -> Any:
        return await self._write(attempt)

    Carrier._settle = settle


@defect("S6")
def no_limit_on_what_one_run_changes() -> None:
    def held(plan, *, percent, floor, allow_changes, gone):
        return None

    swap(limits.held, held)


@defect("S7")
def anything_but_false_is_enabled() -> None:
    def enabled(spec):
        return spec.get("enabled") is not False

    swap(webchat._enabled, enabled)


@defect("S7-file")
def enabled_may_be_left_out_or_be_anything() -> None:
    def loosen(spec: Any) -> None:
        spec["properties"]["enabled"] = {}
        spec["required"].remove("enabled")

    change_schema(loosen)


def change_schema(change: Callable[[Any], None]) -> None:
    """Change the schema of a channel's `spec`."""
    read = load.load_schemas

    def changed() -> Any:
        schemas = dict(read())
        change(schemas["webchat-channel.schema.json"]["properties"]["spec"])
        return schemas

    load.load_schemas = changed


@defect("S8")
def retry_after_as_a_number_or_nothing() -> None:
    def parse(text, date_header, now):
        try:
            return float(text)
        except (TypeError, ValueError):
            return 0.0

    swap(pacing.parse_retry_after, parse)


@defect("S9")
def throttling_spends_the_budget_of_conflicts() -> None:
    answers.Throttled = VersionConflict


@defect("S10")
def nothing_is_asked_twice() -> None:
    bounds = connect.ClientLimits
    connect.ClientLimits = lambda **given: bounds(**{**given, "attempts": 1})


@defect("S11")
def a_request_may_take_for_ever() -> None:
    timeless = {**vars(asyncio), "timeout": lambda _: asyncio.timeout(None)}
    transport.asyncio = SimpleNamespace(**timeless)


@defect("S12")
def an_origin_only_starts_with_https() -> None:
    from reconciler.desired.origin import _Allowed, _refuse, _scheme_flaw

    def check(text: str, allowed_hosts: Any = (), allowed_punycode: Any = ()) -> Any:
        if text.startswith("https://"):
            return None
        return _refuse("origin", text, _scheme_flaw(text), _Allowed((), ()))

    rules.check_origin = check


@defect("S13")
def a_provider_is_merely_truthy() -> None:
    def loosen(spec: Any) -> None:
        spec["properties"]["webchatSettings"]["properties"]["authProviderId"] = {}

    change_schema(loosen)


@defect("S14")
def refused_values_are_printed_raw() -> None:
    def shown(value):
        return str(value)

    swap(words.shown, shown)

    def printable(text):
        return text

    swap(escape.printable, printable)


@defect("S15")
def the_probe_speaks_in_clear() -> None:
    def endpoint(spec):
        return _settings(spec)["webchatUrl"].replace("https://", "ws://") + "/webchat"  # noqa: F821

    swap(webchat._endpoint, endpoint)


@defect("S16")
def any_address_is_probed() -> None:
    def is_public(text):
        return True

    swap(address.is_public, is_public)


@defect("S17")
def open_is_success() -> None:
    async def watch(connection, quiet_seconds):
        return None

    swap(upgrade.watch, watch)


@defect("S18")
def a_failed_probe_marks_nothing() -> None:
    code_of = run.exit_code
    run.exit_code = lambda ended: 0 if code_of(ended) == 5 else code_of(ended)


@defect("S19")
def a_webhook_of_a_new_name_every_run() -> None:
    def name(channel):
        import time

        return f"reconciler-health-{channel}-{time.time_ns()}"

    swap(webhooks.webhook_name, name)


@defect("S20")
def a_webhook_goes_anywhere() -> None:
    def check(text, allowed_hosts=(), allowed_punycode=()):
        return None

    swap(origin.check_url, check)


@defect("S21")
def a_failed_webhook_is_a_failed_update() -> None:
    keep = run.keep_webhooks

    async def kept(*given: Any) -> Any:
        ended = await keep(*given)
        if any(one.result is not Result.APPLIED for one in ended):
            raise Rejected("the webhook failed", method="POST", path="/api/v2/webhooks")
        return ended

    run.keep_webhooks = kept


@defect("S22")
def a_cursor_may_come_back() -> None:
    def following(self, cursor):
        return cursor

    swap(_Trail._next, following)


@defect("S23")
def an_id_is_put_into_the_filter_as_it_is() -> None:
    audit.PLAIN_ID = SimpleNamespace(fullmatch=lambda text: text)


@defect("S24")
def an_audit_that_fails_fails_the_run() -> None:
    read = told.read_audit

    async def reading(*given: Any) -> Any:
        trail = await read(*given)
        if not trail.complete:
            raise Rejected("the audit failed", method="GET", path="/api/v2/auditlogs")
        return trail

    told.read_audit = reading


@defect("S25")
def latency_counts_the_waits() -> None:
    Client.seconds_in_flight = lambda self: time.monotonic()


@defect("S26")
def the_secret_goes_anywhere() -> None:
    def checked(variable, text):
        return text

    swap(settings._checked_url, checked)


@defect("S27")
def a_missing_permission_is_a_refused_token() -> None:
    answers.Forbidden = Unauthorized


@defect("S28")
def an_id_goes_into_the_path_as_it_is() -> None:
    def segment(id_):
        return id_

    swap(client.segment, segment)


@defect("S32")
def latency_is_a_constant() -> None:
    def latency(seconds):
        return {"latencyAvgMs": 142, "latencyP95Ms": 142}

    swap(metrics._latency, latency)
