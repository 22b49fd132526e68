"""What a file is, found in its first bytes (FIL-01): the extension only decides between kinds of text."""

import mimetypes

import puremagic

HEAD_BYTES = 8192
"""How much of the content is looked at."""
UNKNOWN = "application/octet-stream"
_EXECUTABLE = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"#!")
_MARKUP = (b"<!doctype html", b"<html", b"<script", b"<svg", b"<?xml")
_OFFICE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}


def sniff(head: bytes, name: str) -> str:
    r"""Return the media type of content by its first bytes; the name only refines text and ZIP-based formats.

    Example:
        >>> sniff(b"\x89PNG\r\n\x1a\n" + b"\x00" * 8, "invoice.pdf"), sniff(b"MZ\x90\x00", "cat.png")
        ('image/png', 'application/x-executable')
        >>> sniff(b"a,b\r\n1,2\r\n", "list.csv"), sniff(b"<svg onload=x>", "a.txt")
        ('text/csv', 'text/html')
    """
    if not head:
        return "text/plain"
    if head.startswith(_EXECUTABLE):
        return "application/x-executable"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP):
        return "text/html"
    extension = name.rpartition(".")[2].lower()
    if _is_text(head):
        guessed = mimetypes.guess_type(f"x.{extension}")[0] or ""
        return guessed if guessed in {"text/csv", "text/markdown", "application/json"} else "text/plain"
    found = _magic(head)
    if found == "application/zip" and extension in _OFFICE:
        return _OFFICE[extension]
    return found


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character may be cut at the end of what is looked at.
        return error.start >= len(head) - 4
    return True


def _magic(head: bytes) -> str:
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return UNKNOWN
    confident = [match.mime_type for match in matches if match.mime_type and match.confidence >= 0.4]
    return confident[0] if confident else UNKNOWN
