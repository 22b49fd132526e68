"""Bytes of mail as text: what is declared, what it usually means, and what else it may be (MAIL-11)."""

import codecs

_MEANT = {
    # As browsers read them: what calls itself Latin-1 is Windows' (WHATWG Encoding 4.2).
    "us-ascii": "windows-1252",
    "ascii": "windows-1252",
    "iso-8859-1": "windows-1252",
    "latin1": "windows-1252",
    "iso8859-1": "windows-1252",
    "ansi_x3.4-1968": "windows-1252",
    "iso-8859-9": "windows-1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "iso-8859-8-i": "iso-8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-unknown": "",
    "unknown-8bit": "",
    "default": "",
}


_CONTROLS = dict.fromkeys(code for code in range(32) if chr(code) not in "\t\n\r\f")


def decoded(content: bytes, declared: str = "") -> str:
    r"""Return text, always; control characters and lone surrogates never.

    UTF-8 wins over a declaration that it contradicts, since other texts are hardly ever valid UTF-8 by chance.

    Example:
        >>> decoded("Grüße".encode(), "iso-8859-1"), decoded(b"Gr\xfc\xdfe \x80", "us-ascii")
        ('Grüße', 'Grüße €')
        >>> decoded("日本".encode("iso2022_jp"), "")
        '日本'
    """
    text = _text(content, declared.strip().strip("\"'").lower()).translate(_CONTROLS)
    return text.encode("utf-8", "replace").decode()


def _text(content: bytes, declared: str) -> str:
    if b"\x1b$" in content or b"\x1b(" in content:
        candidates = ["iso2022_jp_2" if declared in {"", "us-ascii", "iso-2022-jp"} else declared]
    elif content.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8-sig", _MEANT.get(declared, declared), "windows-1252"]
        if declared.startswith(("utf-16", "utf-32", "utf-7")):
            candidates.insert(0, declared)
    for name in candidates:
        try:
            if name and codecs.lookup(name)._is_text_encoding:  # pyright: ignore[reportAttributeAccessIssue]
                return content.decode(name)
        except (LookupError, ValueError):
            continue
    return content.decode("windows-1252", "replace")
