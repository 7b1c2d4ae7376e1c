from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.acts.load import load_channels
from reconciler.acts.mend import proposed, tidied
from reconciler.cli.main import run
from reconciler.desired.document import Document, read_document
from reconciler.desired.fix import fixed
from reconciler.desired.rules import RuleSettings

HEAD = """apiVersion: reconciler/v1
kind: WebchatChannel
metadata:
  name: shop
spec:
  id: 3f1d6f0a-6f0e-4f7e-9b0a-6d2f8a4c1b01
  name: Shop
  enabled: true
  webchatSettings:
    webchatUrl: {url}
    corsAllowedOrigins:{origins}
    authProviderId: login
"""
MODELINE = "# yaml-language-server: $schema=../schemas/webchat-channel.schema.json\n"


def text(origins: str = " [https://a.example.com]", url: str = "https://chat.example.com") -> str:
    return HEAD.format(origins=origins, url=url)


def block(*items: str) -> str:
    return "".join(f"\n      {item}" for item in items)


def mended(before: str, modeline: str | None = None) -> str:
    document = read_document("channels/shop.yaml", before.encode())
    assert isinstance(document, Document)
    return fixed(document, RuleSettings(), modeline)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("- https://B.example.com",), ("- https://b.example.com",)),
        (('- "HTTPS://a.example.com/"',), ('- "https://a.example.com"',)),
        (("- 'https://a.example.com:443'  # ours",), ("- 'https://a.example.com'  # ours",)),
        (
            ("- https://b.example.com # b", "# about a", "- https://a.example.com"),
            ("# about a", "- https://a.example.com", "- https://b.example.com # b"),
        ),
        (
            ("- https://a.example.com # keep", "- https://a.example.com"),
            ("- https://a.example.com # keep",),
        ),
        # What is spelt otherwise is a duplicate once it is spelt right.
        (("- https://a.example.com", "- https://A.example.com/"), ("- https://a.example.com",)),
    ],
)
def test_what_can_mean_one_thing_only_is_repaired(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    assert mended(text(block(*before))) == text(block(*after))


@pytest.mark.parametrize(
    "items",
    [
        ("- http://a.example.com",),
        ("- https://a.example.com/path",),
        ("- https://*.example.com",),
        ("- https://user@a.example.com",),
        ('- "https:\\u002f\\u002fA.example.com"',),
        # The comment may be about the list, or about its first item.
        ("# of the shop", "- https://b.example.com", "- https://a.example.com"),
        # Whose comment would go is for a person to say.
        ("- https://a.example.com", "- https://a.example.com # why twice?"),
        ("-   - https://b.example.com", "- https://a.example.com"),
    ],
)
def test_what_a_person_must_decide_is_left_alone(items: tuple[str, ...]) -> None:
    assert mended(text(block(*items))) == text(block(*items))


def test_a_list_on_one_line_is_repaired_too() -> None:
    assert mended(text(' [https://b.example.com, "https://a.example.com/"]')) == text(
        ' ["https://a.example.com", https://b.example.com]'
    )


def test_the_path_of_an_address_keeps_its_case() -> None:
    assert mended(text(url="HTTPS://Chat.example.com:443/Shop")) == text(url="https://chat.example.com/Shop")


def test_line_ends_stay() -> None:
    before = (text(block("- https://b.example.com", "- https://a.example.com"))).replace("\n", "\r\n")
    after = mended(before, "../schemas/webchat-channel.schema.json")
    assert after.count("\r\n") == after.count("\n")
    assert after.startswith("# yaml-language-server: $schema=../schemas/webchat-channel.schema.json\r\n")


def test_a_modeline_is_added_once() -> None:
    once = mended(text(), "../schemas/webchat-channel.schema.json")
    assert once == MODELINE + text()
    assert mended(once, "../schemas/webchat-channel.schema.json") == once


def test_domains_are_repaired_too() -> None:
    before = (
        "apiVersion: reconciler/v1\nkind: WebMessagingDeployment\nmetadata:\n  name: shop\nspec:\n"
        "  allowedDomains: [B.example.com, https://a.example.com]\n"
    )
    assert mended(before).splitlines()[-1] == "  allowedDomains: [a.example.com, b.example.com]"


HOSTS = st.sampled_from(["a", "b", "C", "d-1"]).map(lambda one: f"{one}.example.com")
ORIGINS = st.builds(
    lambda scheme, host, end: f"{scheme}{host}{end}",
    st.sampled_from(["https://", "HTTPS://", "http://"]),
    HOSTS,
    st.sampled_from(["", "/", ":443", ":8443", "/x", ":443/"]),
)
LINES = st.builds(
    lambda origin, quote, comment, above: f"{above}- {quote}{origin}{quote}{comment}",
    ORIGINS,
    st.sampled_from(["", "'", '"']),
    st.sampled_from(["", " # one", "  #two"]),
    st.sampled_from(["", "", "# above\n      "]),
)


@given(st.lists(LINES, min_size=1, max_size=6))
def test_repairs_keep_every_comment_and_the_meaning_and_are_done_at_once(lines: list[str]) -> None:
    before = text(block(*lines))
    after = mended(before)
    assert mended(after) == after
    assert sorted(part for part in after.split() if part.startswith("#")) == sorted(
        part for part in before.split() if part.startswith("#")
    )


def laid_out(repo: Path, content: str) -> Path:
    (repo / "channels").mkdir()
    (repo / "schemas").mkdir()
    (repo / "schemas" / "webchat-channel.schema.json").write_text("{}")
    path = repo / "channels" / "shop.yaml"
    path.write_text(content)
    return path


def test_fix_shows_what_it_does_and_does_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = laid_out(tmp_path, text(block("- https://b.example.com", "- https://A.example.com/ # a")))
    path.chmod(0o640)
    assert run(["validate", "--repo", str(tmp_path), "--diff"]) == 3
    assert "+      - https://a.example.com # a" in capsys.readouterr().err
    assert "A.example.com" in path.read_text()
    assert run(["validate", "--repo", str(tmp_path), "--fix", "--format", "json"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("{")
    assert "-      - https://A.example.com/ # a" in captured.err
    assert path.read_text() == MODELINE + text(
        block("- https://a.example.com # a", "- https://b.example.com")
    )
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(path.parent.iterdir()) == [path]


def test_fmt_checks_and_formats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    messy = (
        text().replace("  name: shop", "      name:   shop   # the shop").replace("spec:", "\n\n\n\nspec:")
    )
    path = laid_out(tmp_path, messy + "# the end\n")
    assert run(["fmt", "--repo", str(tmp_path), "--check"]) == 2
    assert path.read_text() == messy + "# the end\n"
    assert run(["fmt", "--repo", str(tmp_path)]) == 0
    tidy = path.read_text()
    assert re.search(r"(?m)^  name: shop +# the shop$", tidy)
    assert tidy.endswith("# the end\n")
    assert "\n\n\n" not in tidy
    assert run(["fmt", "--repo", str(tmp_path), "--check"]) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_an_edit_of_a_file_that_moved_is_not_written(tmp_path: Path) -> None:
    from reconciler.acts.mend import write
    from reconciler.errors import UsageError

    path = laid_out(tmp_path, text(block("- https://b.example.com", "- https://a.example.com")))
    (edit,) = proposed(tmp_path, load_channels(tmp_path, "channels", RuleSettings()), (), tidied)
    path.write_text(text())
    with pytest.raises(UsageError, match="has changed"):
        write(tmp_path, edit)
    assert path.read_text() == text()
