"""`reconciler validate`: every finding at once; no network, no secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import common, exits, find_root, judged, make_settings
from reconciler.cli.output import emit, emit_json, has_colour

if TYPE_CHECKING:
    from reconciler.acts.load import Loaded

INVALID = 3


@click.command(
    epilog="""\b
Examples:
  reconciler validate
  reconciler validate channels/secure-webchat.yaml
  reconciler validate --fix
  reconciler validate --rules-from origin/main --format github
  reconciler validate --format sarif > findings.sarif"""
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="Repair what can mean one thing only; the diff is shown first.")
@click.option("--diff", is_flag=True, help="Show what --fix would do, and write nothing.")
@judged
@common(("text", "json", "github", "sarif", "junit"))
@exits
def validate(paths: tuple[Path, ...], repo: Path | None, form: str, **options: Any) -> int:
    """Check channel files against the schemas, the security rules and the rules of your own.

    Without PATHs every file of the channel folder is checked. Nothing is contacted.
    """
    from reconciler.acts.load import load_channels
    from reconciler.cli.rules import rule_settings
    from reconciler.model import Severity

    settings = make_settings(repo, **{name: options[name] for name in ("channels", "ca_file", "rules_from")})
    rules = rule_settings(settings)
    folders = find_root(repo), settings.channels, rules, paths, settings.overlays
    loaded = load_channels(*folders)
    if options["fix"] or options["diff"]:
        from reconciler.cli.fmt import mend
        from reconciler.desired.fix import fixed

        edits = mend(settings, loaded, paths, fixed, writes=options["fix"] and not options["diff"])
        if edits.written:
            loaded = load_channels(*folders)
    show_findings(loaded, form, quiet=options["quiet"])
    return INVALID if any(finding.severity is Severity.ERROR for finding in loaded.findings) else 0


def show_findings(loaded: Loaded, form: str, *, quiet: bool) -> None:
    """Print findings in one of the formats."""
    if form == "text":
        from reconciler.report.findings import findings_text

        if loaded.findings or not quiet:
            waived = len(loaded.waived)
            emit(findings_text(loaded.findings, files=loaded.places, colour=has_colour(), waived=waived))
    else:
        FORMATS[form](loaded)


def _show_json(loaded: Loaded) -> None:
    from reconciler.report.documents import validate_document
    from reconciler.report.waivers import waiver_rows

    rows = waiver_rows(loaded.waivers, loaded.today)
    emit_json(validate_document(loaded.findings, files=loaded.count, waived=loaded.waived, waivers=rows))


def _show_sarif(loaded: Loaded) -> None:
    from reconciler import __version__
    from reconciler.desired.catalogue import RULES
    from reconciler.report.sarif import findings_sarif

    rules = (*RULES, *(own.rule for own in loaded.rulebook.settings.own_rules))
    emit_json(findings_sarif(loaded.findings, rules, version=__version__, waived=loaded.waived))


def _show_github(loaded: Loaded) -> None:
    from reconciler.report.findings import findings_github

    text = findings_github(loaded.findings)
    if text:
        emit(text)


def _show_junit(loaded: Loaded) -> None:
    from reconciler.report.junit import findings_junit

    emit(findings_junit(loaded.findings, loaded.names, loaded.waived))


FORMATS: Mapping[str, Callable[[Loaded], None]] = {
    "json": _show_json,
    "sarif": _show_sarif,
    "github": _show_github,
    "junit": _show_junit,
}
