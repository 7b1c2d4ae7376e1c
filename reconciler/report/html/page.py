"""The one place where templates become pages: escaped twice over, and with a policy that forbids every request.

A value passes `printable`, which names control, bidirectional and zero-width characters, and then jinja2's own
escaping. The only script and the only style are the page's own, allowed by their hashes; the policy of the
page forbids everything else, so that no value could load or run anything, even if it got through.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Iterator

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reconciler.model import Json
from reconciler.report.escape import printable
from reconciler.report.stream import in_pieces


def make_page(template: str, **content: Json) -> str:
    """Fill a template; `title` is needed, `organisation` and `links` (a bar of links) are not."""
    return "".join(page_pieces(template, **content))


def page_pieces(template: str, **content: Json) -> Iterator[str]:
    """Fill a template as `make_page` does, piece by piece."""
    environment = _environment()
    style, script = _source("style.css"), _source("script.js")
    given = {"organisation": "", "links": (), **content}
    page = environment.get_template(template)
    return in_pieces(page.generate(style=style, script=script, policy=_policy(style, script), **given))


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("reconciler.report.html"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(value: Json) -> Json:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@functools.cache
def _source(name: str) -> Markup:
    """Give a file of ours as it is; nothing of anybody else's stands in it."""
    environment = _environment()
    assert environment.loader is not None  # noqa: S101 - it is given above
    return Markup(environment.loader.get_source(environment, name)[0])  # noqa: S704


def _policy(style: str, script: str) -> str:
    allowed = f"style-src {_hash(style)}; script-src {_hash(script)}"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
