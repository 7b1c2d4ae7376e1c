"""`reconciler drift --heal narrowing`: an apply of what narrows alone, with its checks, its brake and its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.cli.output import say
from reconciler.model import ChannelDrift, DriftState

HANDED_ON = (
    "repo",
    "channels",
    "ca_file",
    "quiet",
    "verbose",
    "org",
    "rate",
    "concurrency",
    "remote",
    "rules_from",
)
"""Options of `drift` that the apply takes over, where `drift` has them."""


def heal(drifts: Sequence[ChannelDrift], form: str, given: Mapping[str, Any]) -> int | None:
    """Put back what only narrows, as an apply does; gives the exit code, or None where there is nothing of that."""
    from reconciler.cli.apply import apply as apply_command
    from reconciler.cli.carrying import carry_out
    from reconciler.cli.ordering import make_order, read_takes
    from reconciler.cli.plan import make_plan
    from reconciler.cli.session import require_api
    from reconciler.decide.healing import healable, healing_plan
    from reconciler.decide.saved_plan import plan_document

    chosen = healable(drifts)
    left = [one.name for one in drifts if one.state is not DriftState.UNMANAGED and one.name not in chosen]
    if left:
        say(f"not healed, since it needs a look: {', '.join(left[:20])}{' …' if len(left) > 20 else ''}")
    if not chosen:
        return None
    options = apply_command.make_context("apply", ["--yes"]).params
    options |= {name: given[name] for name in HANDED_ON if name in given}
    options |= {"no_push": given["no_push"], "no_record": given["no_record"], "only": tuple(chosen)}
    del options["file"], options["form"]
    planned = make_plan(**options)
    planned = replace(planned, plan=healing_plan(planned.plan, chosen))
    digest = str(plan_document(planned.plan, planned.requests)["digest"])
    api, takes = require_api(), read_takes(planned.plan, ())
    say(f"healing what narrows: {', '.join(chosen)}")
    code = carry_out(planned, digest, api, make_order(planned, api, options, takes), form, options)
    return code or (2 if left else 0)
