"""Keep the health webhooks: found, created, or moved to the wanted address; never a second one of a name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from reconciler.acts.apply import GRACE_SECONDS, STOPPED
from reconciler.acts.stopping import until_stopped
from reconciler.decide.webhooks import is_kept
from reconciler.errors import Rejected, RemoteError, Unauthorized, Unavailable, VersionConflict
from reconciler.genesys.client import Client
from reconciler.genesys.webhooks import create_webhook, fetch_webhooks, update_webhook
from reconciler.model import Action, LiveWebhook, Outcome, Plan, Result, WebhookChange, WebhookOutcome

CUT_OFF = f"{STOPPED} while this was under way; plan again to see"
DONE = (Result.APPLIED, Result.ALREADY)


async def keep_webhooks(
    client: Client, plan: Plan, outcomes: Mapping[str, Outcome], conflicts: int, stop: asyncio.Event
) -> tuple[WebhookOutcome, ...]:
    """Carry out the webhook changes, one outcome each; not those whose channel could not be written."""
    ended: list[WebhookOutcome] = []
    for change in plan.webhooks:
        if not change.writes:
            continue
        channel = outcomes.get(change.channel)
        if channel is not None and channel.result not in DONE:
            reason = f"its channel ended as {channel.result}"
            ended.append(WebhookOutcome(change.name, change.action, Result.NOT_REACHED, reason))
        elif stop.is_set():
            ended.append(WebhookOutcome(change.name, change.action, Result.NOT_REACHED, STOPPED))
        else:
            kept = await until_stopped(_keep(client, change, conflicts), stop, GRACE_SECONDS)
            ended.append(kept or WebhookOutcome(change.name, change.action, Result.UNKNOWN, CUT_OFF))
    return tuple(ended)


async def _keep(client: Client, change: WebhookChange, conflicts: int) -> WebhookOutcome:
    first = await _base(client, change)
    if isinstance(first, WebhookOutcome):
        return first
    live = first
    told: str | None = None
    lost: Result | None = None
    for _ in range(conflicts + 1):
        try:
            await _write(client, change, live)
        except (VersionConflict, Rejected, Unavailable) as error:
            if isinstance(error, Rejected) and error.status != 409:
                return WebhookOutcome(change.name, change.action, lost or Result.REJECTED, str(error))
            if isinstance(error, Unavailable) and not error.sent:
                return WebhookOutcome(change.name, change.action, lost or Result.FAILED, str(error))
            if isinstance(error, Unavailable):
                lost = Result.UNKNOWN  # it may land after a look that does not show it yet
            told = str(error)
        except (Unauthorized, RemoteError) as error:
            return WebhookOutcome(change.name, change.action, lost or Result.FAILED, str(error))
        else:
            return WebhookOutcome(change.name, change.action, Result.APPLIED)
        looked = await _look(client, change, told)
        if isinstance(looked, WebhookOutcome):
            return looked
        live = looked
    return WebhookOutcome(change.name, change.action, lost or Result.FAILED, told)


async def _base(client: Client, change: WebhookChange) -> WebhookOutcome | LiveWebhook | None:
    """Give what the first write builds on; a saved plan holds no headers, which may be somebody's credentials."""
    if change.live is None or "headers" in change.live.document:
        return change.live
    return await _look(client, change, "read again before the write")


async def _look(client: Client, change: WebhookChange, told: str) -> WebhookOutcome | LiveWebhook | None:
    """Say how the change ended by what is live now, or give what the next write builds on."""
    found = await _find(client, change.name)
    if isinstance(found, str):
        return WebhookOutcome(change.name, change.action, Result.UNKNOWN, f"{told}; {found}")
    if found and is_kept(found, change.address):
        return WebhookOutcome(change.name, change.action, Result.ALREADY, f"{told}; it reads as wanted")
    if found and _address(found) != (_address(change.live) if change.live else change.address):
        moved = "somebody gave it another address since the plan was made; plan again"
        return WebhookOutcome(change.name, change.action, Result.CLASHED, moved)
    return found


async def _write(client: Client, change: WebhookChange, live: LiveWebhook | None) -> None:
    if live is None:
        await create_webhook(client, change.name, change.address)
    else:
        await update_webhook(client, live, change.address)


async def _find(client: Client, name: str) -> LiveWebhook | str | None:
    """Look for the webhook by its name; a sentence says why that could not be done."""
    try:
        hooks = await fetch_webhooks(client)
    except RemoteError as error:
        return f"and the webhooks cannot be listed: {error}"
    return min((hook for hook in hooks if hook.name == name), key=lambda hook: hook.id, default=None)


def _address(hook: LiveWebhook) -> object:
    return hook.document.get("address")


def webhooks_not_reached(plan: Plan, reason: str) -> tuple[WebhookOutcome, ...]:
    """Give the outcomes of webhook changes that were never begun."""
    return tuple(
        WebhookOutcome(change.name, change.action, Result.NOT_REACHED, reason)
        for change in plan.webhooks
        if change.action in (Action.CREATE, Action.UPDATE)
    )
