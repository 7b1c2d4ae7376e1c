"""`--org`: one organisation of the fleet instead of the one that the environment names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from reconciler.fleet.roster import Organisation

KEY = "reconciler.organisation"


def remember(context: click.Context, _parameter: click.Parameter, name: str | None) -> None:
    """Keep the name that was typed until the repository is known."""
    if name is not None:
        context.meta[KEY] = name


def chosen(root: Path) -> Organisation | None:
    """Give the organisation that `--org` names, by the fleet of this repository; None where nothing was typed."""
    context = click.get_current_context(silent=True)
    name = context.meta.get(KEY) if context else None
    if context is None or name is None:
        return None
    from reconciler.fleet.roster import load_roster, named

    roster = load_roster(root)
    context.meta[KEY + ".found"] = found = named(roster, name)
    context.meta[KEY + ".others"] = [one for one in roster if one is not found]
    return found


def sharing(folder: str) -> list[str]:
    """Name the other organisations that have this channel folder, too."""
    context = click.get_current_context(silent=True)
    others: list[Organisation] = context.meta.get(KEY + ".others", []) if context else []
    return [one.name for one in others if one.channels == folder]


def settings_options(root: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options of a command with what the organisation says: its folders, and its name in the record."""
    organisation = chosen(root)
    if organisation is None:
        return dict(options)
    folder = options.get("channels") or organisation.channels
    return {
        **options,
        "channels": folder,
        "overlays": organisation.overlays,
        "organisation": organisation.name,
    }


def environment() -> Mapping[str, str]:
    """Give the environment in which the remote and its credentials are looked up."""
    context = click.get_current_context(silent=True)
    organisation = context.meta.get(KEY + ".found") if context else None
    if organisation is None:
        return os.environ
    from reconciler.fleet.roster import remote_environment

    return remote_environment(organisation, os.environ)
