"""The HTML of a mail as Markdown: what a person wrote, without scripts, styles and hidden text.

Quotations become `> ` lines, or begin with `CUT` on a line of its own where a mail program marks the rest as quoted.
Images are kept as `![name](cid:…)`; remote ones are named and never loaded.
"""

import re
from html.parser import HTMLParser

CUT = "\x11"
"""Marks where a mail program says that the quotation begins."""
_SKIPPED = {"script", "style", "head", "title", "template", "object", "svg", "noscript", "select", "textarea"}
_BLOCKS = {
    "p", "div", "section", "article", "header", "footer", "table", "tr", "ul", "ol", "pre", "h1", "h2", "h3", "h4",
    "h5", "h6", "center", "address", "dl", "dt", "dd", "form", "fieldset", "figure",
}  # fmt: skip
_VOID = {"br", "hr", "img", "input", "meta", "link", "col", "wbr", "base", "area", "source", "embed"}
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "del": "~~", "strike": "~~", "code": "`"}
_QUOTE_IDS = {
    "divrplyfwdmsg", "appendonsend", "reply-intro", "replyheader", "mail-editor-reference-message-container",
    "isforwardcontent",
}  # fmt: skip
_QUOTE_CLASSES = {
    "gmail_quote", "gmail_quote_container", "gmail_extra", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote",
    "zmail_extra", "tutanota_quote", "outlookmessageheader", "quotedmessage", "front-blockquote", "hey-quote",
}  # fmt: skip
_OUTLOOK_RULE = re.compile(r"border-top:\s*solid\s+#?(?:e1e1e1|b5c4df|c9c9c9)", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all|font-size\s*:\s*0", re.IGNORECASE)
_SPECIAL = re.compile(r"([\\`*_\[\]<>#~|])")
_LINE_START = re.compile(r"^(\s*)([-+>]|\d{1,9}[.)])(?=\s|$)")
_MARKERS = dict.fromkeys(range(0x11, 0x16))
_SCHEMES = ("http://", "https://", "mailto:", "tel:")


def escaped(text: str) -> str:
    r"""Return text that Markdown shows as it is.

    Example:
        >>> escaped("*not bold* [x](y)"), escaped("- no list")
        ('\\*not bold\\* \\[x\\](y)', '\\- no list')
    """
    return _LINE_START.sub(_shielded, _SPECIAL.sub(r"\\\1", text))


def _shielded(match: re.Match[str]) -> str:
    mark = match[2]
    return f"{match[1]}{mark[:-1]}\\{mark[-1]}"


def plain_as_markdown(text: str) -> str:
    r"""Return plain text as Markdown that looks the same: lines stay lines, quotations become quotations.

    Example:
        >>> plain_as_markdown("Hi *there*\nsecond")
        'Hi \\*there\\*\\\nsecond'
    """
    lines = [_plain_line(line.rstrip()) for line in text.strip("\n").expandtabs(4).split("\n")]
    broken: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        goes_on = bool(line.strip(" >")) and bool(following.strip(" >"))
        broken.append(f"{line}\\" if goes_on and _depth(line) == _depth(following) else line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(broken)).strip()


def _plain_line(line: str) -> str:
    match = re.match(r"^((?:\s{0,3}>)+)\s?(.*)$", line)
    if match is not None:
        return f"{'> ' * match[1].count('>')}{escaped(match[2].strip())}".rstrip()
    stripped = line.lstrip(" ")
    # Four spaces would make it code.
    return "\N{NO-BREAK SPACE}" * (len(line) - len(stripped)) + escaped(stripped)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip("> "))


def as_markdown(html: str) -> str:
    r"""Return a mail's HTML as Markdown.

    Example:
        >>> as_markdown("<p>Hello <b>world</b><br>next</p><script>x()</script><ul><li>one</li></ul>")
        'Hello **world**\\\\\\nnext\\n\\n- one'
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.result()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._skipping = 0
        self._stack: list[tuple[str, bool]] = []
        self._quoted = 0
        self._lists: list[int | None] = []
        self._links: list[str] = []
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in _VOID:
            if not self._skipping:
                self._void(tag, values)
            return
        hidden = tag in _SKIPPED or bool(_HIDDEN.search(values.get("style", "")))
        self._stack.append((tag, hidden))
        if hidden:
            self._skipping += 1
        if self._skipping or len(self._stack) > 500:
            return
        if _begins_quote(tag, values):
            self._break()
            self._lines += [CUT]
        self._open(tag, values)

    def _open(self, tag: str, values: dict[str, str]) -> None:
        if tag == "blockquote":
            self._break(blank=True)
            self._quoted += 1
        elif tag in {"ul", "ol"}:
            self._break(blank=not self._lists)
            self._lists.append(None if tag == "ul" else 0)
        elif tag == "li":
            self._break()
            self._line = self._bullet()
        elif tag == "pre":
            self._break(blank=True)
            self._pre += 1
        elif tag in _BLOCKS:
            self._break(blank=tag in {"p", "h1", "h2", "h3", "table"})
        elif tag in {"td", "th"} and self._line.strip():
            self._line += " | " if tag == "th" else "  "
        elif tag == "a":
            target = values.get("href", "").strip()
            self._links.append(target if target.lower().startswith(_SCHEMES) else "")
            self._line += "\x12"
        elif tag in _MARKS:
            self._line += f"\x13{_MARKS[tag]}\x14"

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or not any(name == tag for name, _ in self._stack):
            return
        while self._stack:
            name, hidden = self._stack.pop()
            if hidden:
                self._skipping -= 1
            elif not self._skipping:
                self._shut(name)
            if name == tag:
                return

    def _shut(self, tag: str) -> None:
        if tag == "blockquote":
            self._break(blank=True)
            self._quoted = max(self._quoted - 1, 0)
            self._lines.append("")
        elif tag in {"ul", "ol"}:
            self._break(blank=True)
            if self._lists:
                self._lists.pop()
        elif tag == "pre":
            self._break(blank=True)
            self._pre = max(self._pre - 1, 0)
        elif tag == "a":
            self._link()
        elif tag in _MARKS:
            self._line += f"\x14{_MARKS[tag]}\x13"
        elif tag in _BLOCKS:
            self._break(blank=tag in {"p", "h1", "h2", "h3", "table"})

    def _void(self, tag: str, values: dict[str, str]) -> None:
        if tag == "br":
            self._end_line(hard=True)
        elif tag == "hr":
            self._break(blank=True)
            self._lines.append("\\---")
        elif tag == "img":
            self._image(values)

    def _image(self, values: dict[str, str]) -> None:
        source, name = values.get("src", "").strip(), " ".join(values.get("alt", "").split())[:80]
        if source.lower().startswith("cid:"):
            self._line += f"![{escaped(name)}]({source[:4].lower()}{source[4:].split()[0] if source[4:].split() else ''})"
        elif name and values.get("width") not in {"0", "1"}:
            self._line += escaped(f"[{name}]")

    def handle_data(self, data: str) -> None:
        if self._skipping:
            return
        if self._pre:
            for index, line in enumerate(data.split("\n")):
                if index:
                    self._end_line(hard=True)
                self._line += escaped(line)
            return
        text = re.sub(r"[ \t\r\n\f]+", " ", data.replace("\N{ZERO WIDTH SPACE}", "").translate(_MARKERS))
        self._line += _SPECIAL.sub(r"\\\1", text if self._line.strip(" ") else text.lstrip(" "))

    def _bullet(self) -> str:
        depth = "  " * max(len(self._lists) - 1, 0)
        if not self._lists or self._lists[-1] is None:
            return f"{depth}- "
        self._lists[-1] += 1
        return f"{depth}{self._lists[-1]}. "

    def _link(self) -> None:
        before, mark, label = self._line.rpartition("\x12")
        target = self._links.pop() if self._links else ""
        if not mark:
            return
        plain = label.replace("\\", "").strip()
        if not target or not plain:
            self._line = before + label
        elif "![" in label or plain in {target, target.removeprefix("mailto:"), target.rstrip("/")}:
            self._line = before + (
                f"<{target}>" if plain and "![" not in label and " " not in target else label
            )
        else:
            address = target.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
            self._line = f"{before}[{label.strip()}]({address})"

    def _end_line(self, *, hard: bool) -> None:
        self._lines.append(f"{'> ' * self._quoted}{_tidy(self._line)}" + ("\x15" if hard else ""))
        self._line = ""

    def _break(self, *, blank: bool = False) -> None:
        if self._line.strip("\x12\x13\x14 "):
            self._end_line(hard=False)
        else:
            self._line = ""
        if blank and self._lines and self._lines[-1].strip("> "):
            self._lines.append("> " * self._quoted)

    def result(self) -> str:
        self._break()
        lines: list[str] = []
        for line, following in zip(self._lines, [*self._lines[1:], ""], strict=False):
            bare = line.removesuffix("\x15")
            text_follows = bool(following.strip("> \x15")) and following != CUT
            hard = (
                text_follows
                and bool(bare.strip("> "))
                and bare != CUT
                and not following.lstrip("> ").startswith("- ")
            )
            lines.append(f"{bare}\\" if hard and not bare.lstrip("> ").startswith("- ") else bare.rstrip())
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _begins_quote(tag: str, values: dict[str, str]) -> bool:
    if values.get("id", "").lower().removeprefix("x_") in _QUOTE_IDS:
        return True
    if {one.lower().removeprefix("x_") for one in values.get("class", "").split()} & _QUOTE_CLASSES:
        return True
    if tag == "blockquote" and values.get("type", "").lower() == "cite":
        return True
    return tag == "div" and bool(_OUTLOOK_RULE.search(values.get("style", "")))


def _tidy(line: str) -> str:
    """Put emphasis where Markdown takes it: beside the words, and nowhere without any."""
    text = re.sub(r"[\x13](\*\*|\*|~~|`)\x14(\s*)(.*?)(\s*)\x14\1\x13", _emphasis, line.replace("\x12", ""))
    text = re.sub(r"[\x13\x14](?:\*\*|\*|~~|`)[\x13\x14]", "", text)
    indent = re.match(r" *(?=- |\d+\. )", text)
    return (indent[0] if indent else "") + _LINE_START_IN_TEXT.sub(
        _shielded, re.sub(r" {2,}", "  ", text).strip()
    )


_LINE_START_IN_TEXT = re.compile(r"^(\s*)([+>])(?=\s)")


def _emphasis(match: re.Match[str]) -> str:
    mark, before, words, after = match[1], match[2], match[3], match[4]
    return f"{before}{mark}{words}{mark}{after}" if words.strip("\x13\x14*~` ") else f"{before}{words}{after}"
