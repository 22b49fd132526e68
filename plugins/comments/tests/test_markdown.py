"""Rendering Markdown: nothing that acts survives, whatever is written."""

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from psa_comments.markdown import ATTRIBUTES, TAGS, clean, mentioned, render
from psa_sdk.tables import new_id

ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "![x](javascript:alert(1))",
    "![x](https://tracker.example/pixel.gif)",
    '![x](/api/v1/x "onerror=alert(1))',
    '[x](https://example.com/" onclick="alert(1))',
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe src=//evil.example></iframe>",
    "<style>*{background:url(//evil.example)}</style>",
    "<form action=//evil.example><input></form>",
    "<math><mi//xlink:href='javascript:alert(1)'>",
    "<details open ontoggle=alert(1)>",
    "`</code><script>alert(1)</script>`",
    "```\n</pre><script>alert(1)</script>\n```",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "@[<b onmouseover=alert(1)>x</b>](user:00000000-0000-7000-8000-000000000001)",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "|a|\n|-|\n|<script>alert(1)</script>|",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
)


class Elements(HTMLParser):
    """Collects the elements and attributes of a text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def refuse_acting(html: str) -> None:
    for tag, attributes in Elements(html).found:
        assert tag in TAGS, (tag, html)
        assert attributes.keys() <= ATTRIBUTES.get(tag, set()) | {"rel"}, (attributes, html)
        href = (attributes.get("href") or "").strip().lower()
        scheme = href.split(":", 1)[0] if ":" in href.split("/")[0] else ""
        assert scheme in {"", "http", "https", "mailto", "tel"}, html
        assert (attributes.get("src") or "/api/").startswith("/api/"), html
        if tag == "a":
            assert "noopener" in (attributes.get("rel") or ""), html


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_survives(attack: str):
    """CMT-01"""
    refuse_acting(render(attack))
    refuse_acting(clean(attack))
    refuse_acting(render(f"> 1. {attack}\n\n**{attack}**"))


MARKUP = st.text(alphabet="<>\"'`*_[]()!#&;:/\\=- \n\tabcjrst@|~x1", max_size=80)


@given(st.lists(st.one_of(MARKUP, st.sampled_from(ATTACKS), st.text(max_size=20)), max_size=4).map("".join))
@example("[a]: javascript:alert(1)\n\n[a]")
def test_nothing_that_acts_comes_out_of_any_text(text: str):
    """CMT-01"""
    html = render(text)
    refuse_acting(html)
    assert clean(html).strip() == html


@given(st.text(max_size=60))
def test_cleaning_twice_is_cleaning_once(text: str):
    once = clean(text)
    assert clean(once) == once


def test_tables_code_and_links_render():
    html = render("| a | b |\n|---|---|\n| 1 | ~~2~~ |\n\n`x < y` [site](https://example.com)")
    assert "<td>1</td>" in html
    assert "<s>2</s>" in html
    assert "<code>x &lt; y</code>" in html
    assert 'href="https://example.com"' in html


def test_mentions_are_read_once_and_in_order():
    one, two = new_id(), new_id()
    text = f"@[B](user:{two}) @[A](user:{one}) @[B](user:{two}) @[?](user:{'-' * 36}) user:{one}"
    assert mentioned(text) == [two, one]
