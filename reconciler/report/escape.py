"""Make text that others control safe to show, one function a surface; nothing here decides what is shown.

Channel files, live documents, certificates and records are all written by somebody else: to a terminal, a
pull-request comment or a workflow log they are data, never instructions.
"""

from __future__ import annotations

import re

CUT = 80
"""Characters of somebody else's text that a message shows."""

# These count as printable, yet nothing of them is seen: fillers, joiners, variation selectors.
INKLESS = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
LEADING_COMMAND = r"(?m)^((?:[^\S\n]|\x1b\[[0-9;]*m)*):(?=:)"
PLAIN_WORD = r"\(?(?:[A-Z]?[a-z]+|[0-9]{1,5}(?:\.[0-9]{1,2})?|%)\)?[,;:]?"


def cut(text: str, limit: int = CUT) -> str:
    """Keep the first characters, and say with an ellipsis that there were more."""
    return text[:limit] + "…" if len(text) > limit else text


def printable(text: str) -> str:
    r"""Write control, bidirectional, zero-width and line-breaking characters as \u{…}; idempotent.

    The runner of GitHub workflows obeys `##[command]` anywhere in a line, so that is broken up, too.
    """
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else _named(letter) for letter in text)
    if not text.isascii():
        text = re.sub(INKLESS, lambda match: _named(match[0]), text)
    return text.replace("##[", "#" + _named("#") + "[")


def shown(text: str, limit: int = CUT) -> str:
    """Cut and escape a value that stands in a message."""
    return printable(cut(text, limit))


def inert(text: str) -> str:
    """Break up what a workflow runner would obey: `::` at the beginning of a line, `##[` anywhere."""
    unbracketed = text.replace("##[", "#" + _named("#") + "[")
    if "::" not in unbracketed:
        return unbracketed
    return re.sub(LEADING_COMMAND, lambda match: match[1] + _named(":"), unbracketed)


def code(text: str) -> str:
    """Write a Markdown code span, in which nothing is a link, a mention or HTML."""
    inside = printable(text) or " "
    fence = "`" * (longest_run(inside) + 1)
    # Markdown takes one space off both ends, where both have one, and a backtick would join the fence.
    padded = f" {inside} " if inside[0] in "` " or inside[-1] in "` " else inside
    return f"{fence}{padded}{fence}"


def cell(text: str) -> str:
    r"""Write a code span for a table; renderers disagree about `\|`, so a pipe is named as \u{7c}."""
    return code(printable(text).replace("|", _named("|")))


def words(text: str) -> str:
    """Leave simple words of a sentence as they are, and put every other into a code span."""
    parts = printable(text).split(" ")
    return " ".join(part if re.fullmatch(PLAIN_WORD, part) else code(part) for part in parts if part)


def html_code(text: str) -> str:
    """Write a `<code>` element, for a place where Markdown is not read; mentions do not work inside."""
    import html

    return f"<code>{html.escape(printable(text))}</code>"


def longest_run(text: str) -> int:
    """Count the backticks of the longest run, so that a fence can be longer."""
    return max((len(run) for run in re.findall("`+", text)), default=0)


def command_data(text: str) -> str:
    """Encode the message of a workflow command, which may have several lines."""
    return "%0A".join(printable(line).replace("%", "%25") for line in re.split(r"\r\n|\r|\n", text))


def command_property(text: str) -> str:
    """Encode a property value of a workflow command."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")


def _named(letter: str) -> str:
    return f"\\u{{{ord(letter):x}}}"
