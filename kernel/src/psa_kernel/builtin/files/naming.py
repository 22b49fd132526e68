"""File names that are safe to store, show and send (FIL-01)."""

import re
import unicodedata
from urllib.parse import quote

MAX_BYTES = 200
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def safe_name(name: str) -> str:
    r"""Return the last part of a name without control or direction characters, never empty.

    Example:
        >>> safe_name("../../etc/passwd"), safe_name("a\u202egnp.exe"), safe_name("\x00")
        ('passwd', 'agnp.exe', 'file')
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(c for c in last if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    clean = re.sub(r'[<>:"|?*]', "_", kept).strip(" .")
    if not clean:
        return "file"
    if _RESERVED.match(clean):
        clean = f"_{clean}"
    return _shortened(clean)


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = f"{dot}{extension}" if stem and len(extension) <= 10 else ""
    head = name.removesuffix(tail).encode()[: MAX_BYTES - len(tail.encode())]
    return head.decode(errors="ignore") + tail


def content_disposition(name: str) -> str:
    """Return the header that makes browsers save a file under its name (RFC 6266)."""
    plain = re.sub(r'[^\x20-\x7e]|["\\]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
