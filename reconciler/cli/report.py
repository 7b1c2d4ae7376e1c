"""`reconciler report`: recorded runs listed, shown, and their chain verified; reads Git alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.history import continuity, log
from reconciler.cli.options import common, exits, find_root
from reconciler.cli.output import emit, say, show, write_file

if TYPE_CHECKING:
    from reconciler.ledger.ledger import Ledger
    from reconciler.model import JsonObject
    from reconciler.settings import Settings

BROKEN = 1


@click.command(
    epilog="""\b
Examples:
  reconciler report
  reconciler report latest
  reconciler report show 3f9c --format markdown
  reconciler report html 3f9c --out run.html
  reconciler report site public
  reconciler report log secure-webchat#/webchatSettings/corsAllowedOrigins
  reconciler report continuity
  reconciler report metrics --out /var/lib/node_exporter/reconciler.prom
  reconciler report verify"""
)
@click.argument(
    "words",
    nargs=-1,
    metavar="[list | show RUN | html [RUN] | log CHANNEL[#FIELD] | continuity | site DIR | metrics | verify"
    " | merge FILE... | RUN]",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the page, or the metrics, to a file.",
)
@click.option("--remote", metavar="NAME", help="Git remote of the record.  [default: origin]")
@click.option(
    "--whole", is_flag=True, help="Of merge, name each organisation of fleet.yaml that no file tells of."
)
@common(("text", "json", "markdown", "openmetrics"))
@exits
def report(words: tuple[str, ...], form: str, out: Path | None, **options: Any) -> int:
    """List recorded runs; show one by its id, a part of it, or `latest`; verify the chain.

    `html` writes one page that opens offline, of the newest run where none is named; `site` writes the whole
    history into a folder, as pages for any static host. `metrics` writes the newest state for Prometheus.
    `log` tells who set a channel, or one field: commits, applies, edits in the console. `continuity` tells where
    live versions moved more than our writes explain. `merge` makes one report of those that several jobs of a
    fleet wrote.
    """
    if words[:1] == ("merge",) and len(words) > 1:
        from reconciler.cli.fleet import merged

        return merged(list(map(Path, words[1:])), out, form, options["repo"], whole=options["whole"])
    ledger = _ledger(options)
    match words:
        case ("html",) | ("html", _):
            return _html(ledger, words[1] if len(words) > 1 else "latest", out)
        case () | ("list",):
            return _list(ledger, form)
        case ("site", folder):
            return _site(ledger, Path(folder), options)
        case ("metrics",):
            return _metrics(ledger, form, out, options)
        case ("log", channel):
            return log(ledger, channel, form, options)
        case ("continuity",):
            return continuity(ledger, form)
        case ("verify",):
            return _verify(ledger, form)
        case ("show", name) | (name,):
            return _show(ledger, name, form)
    raise click.UsageError(
        "report takes: list, show RUN, html [RUN], log CHANNEL[#FIELD], continuity, site DIR, metrics,"
        " verify, merge FILE…, or RUN"
    )


def _settings(options: dict[str, Any]) -> Settings:
    from reconciler.cli.options import make_settings

    return make_settings(options["repo"], channels=options["channels"], remote=options["remote"])


def _ledger(options: dict[str, Any]) -> Ledger:
    from reconciler.errors import UsageError
    from reconciler.ledger.ledger import Ledger
    from reconciler.ledger.source import find_repository

    settings = _settings(options)
    repository = find_repository(find_root(options["repo"]))
    if repository is None:
        raise UsageError("there is no git repository here, and records are kept in Git")
    return Ledger(repository, remote=settings.remote)


def _list(ledger: Ledger, form: str) -> int:
    return _listed(ledger, form, failing=0)


def _verify(ledger: Ledger, form: str) -> int:
    return _listed(ledger, form, failing=BROKEN)


def _listed(ledger: Ledger, form: str, *, failing: int) -> int:
    from reconciler.report.documents import report_document

    chain = ledger.verify()
    runs = [record.document for record in ledger.records()]
    document = report_document(
        runs, valid=chain.valid, length=chain.length, reason=chain.told, first_bad=chain.first_bad
    )
    show(document, form)
    if not chain.valid:
        say(f"error: the chain of records is broken: {chain.told}")
    return 0 if chain.valid else failing


def _show(ledger: Ledger, name: str, form: str) -> int:
    show(_recorded(ledger, name), form)
    return 0


def _html(ledger: Ledger, name: str, out: Path | None) -> int:
    document = _recorded(ledger, name)
    if out is None:
        show(document, "html")
        return 0
    from reconciler.report.html.documents import html_pieces

    write_file(out, html_pieces(document))
    say(f"written: {out}")
    return 0


def _site(ledger: Ledger, folder: Path, options: dict[str, Any]) -> int:
    from reconciler.cli.site import waiver_endings, write_site

    endings = waiver_endings(_settings(options))
    pages, chain = write_site(ledger, folder, endings, quiet=options["quiet"])
    say(f"written: {folder / 'index.html'} and {pages - 1} more pages")
    if not chain.valid:
        say(f"error: the chain of records is broken: {chain.told}")
    return 0


def _metrics(ledger: Ledger, form: str, out: Path | None, options: dict[str, Any]) -> int:
    from reconciler import __version__
    from reconciler.cli.rules import rule_settings
    from reconciler.report.exposition import State, metrics_text

    if form not in ("text", "openmetrics"):
        raise click.UsageError("report metrics takes --format text (Prometheus) or openmetrics")
    chain, state = ledger.verify(), State()
    for record in ledger.walk():
        state.read(record.run, record.document)
    text = metrics_text(
        state,
        chain_valid=chain.valid,
        records=chain.length,
        version=__version__,
        openmetrics=form == "openmetrics",
        waivers=rule_settings(_settings(options)).waivers,
    )
    if out is None:
        emit(text)
    else:
        write_file(out, [text])
    return 0


def _recorded(ledger: Ledger, name: str) -> JsonObject:
    from reconciler.errors import UsageError

    found = ledger.record(name)
    if found is None:
        raise UsageError(f"no recorded run is called {name!r}; reconciler report lists them")
    return found.document
