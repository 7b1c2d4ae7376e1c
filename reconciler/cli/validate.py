"""`reconciler validate`: every finding at once; no network, no secret."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import common, exits, find_root, make_settings
from reconciler.cli.output import emit, emit_json, has_colour

if TYPE_CHECKING:
    from reconciler.acts.load import Loaded

INVALID = 3


@click.command(
    epilog="""\b
Examples:
  reconciler validate
  reconciler validate channels/secure-webchat.yaml
  reconciler validate --format sarif > findings.sarif"""
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@common(("text", "json", "github", "sarif"))
@exits
def validate(paths: tuple[Path, ...], repo: Path | None, form: str, **options: Any) -> int:
    """Check channel files against the schemas and the security rules.

    Without PATHs every file of the channel folder is checked. Nothing is contacted.
    """
    from reconciler.acts.load import load_channels
    from reconciler.cli.rules import rule_settings
    from reconciler.model import Severity

    settings = make_settings(repo, channels=options["channels"], ca_file=options["ca_file"])
    loaded = load_channels(find_root(repo), settings.channels, rule_settings(settings), paths)
    show_findings(loaded, form, quiet=options["quiet"])
    return INVALID if any(finding.severity is Severity.ERROR for finding in loaded.findings) else 0


def show_findings(loaded: Loaded, form: str, *, quiet: bool) -> None:
    """Print findings in one of the formats."""
    from reconciler.report.findings import findings_github, findings_text

    if form == "json":
        from reconciler.report.documents import validate_document

        emit_json(validate_document(loaded.findings, files=loaded.count))
    elif form == "sarif":
        from reconciler import __version__
        from reconciler.desired.catalogue import RULES
        from reconciler.report.sarif import findings_sarif

        emit_json(findings_sarif(loaded.findings, RULES, version=__version__))
    elif form == "github":
        text = findings_github(loaded.findings)
        if text:
            emit(text)
    elif loaded.findings or not quiet:
        emit(findings_text(loaded.findings, files=loaded.count, colour=has_colour()))
