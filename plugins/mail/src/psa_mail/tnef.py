"""winmail.dat: the attachments and the text that Outlook packs into TNEF (MS-OXTNEF)."""

import struct
from collections.abc import Iterator

import msgspec

SIGNATURE = b"\x78\x9f\x3e\x22"
_LEVEL_MESSAGE, _LEVEL_ATTACHMENT = 1, 2
_ATTACH_REND, _ATTACH_TITLE, _ATTACH_DATA, _BODY = 0x9002, 0x8010, 0x800F, 0x800C
_MOST = 200


class Packed(msgspec.Struct, frozen=True):
    """A file that was inside."""

    name: str
    content: bytes


class Unpacked(msgspec.Struct, frozen=True):
    """What a winmail.dat holds."""

    files: tuple[Packed, ...]
    body: bytes = b""


def unpack(content: bytes) -> Unpacked | None:
    """Return what is inside, or None where it is no TNEF; what is cut short gives what came before."""
    if not content.startswith(SIGNATURE):
        return None
    files: list[Packed] = []
    name, body = "", b""
    for level, attribute, value in _attributes(content[6:]):
        if level == _LEVEL_MESSAGE and attribute == _BODY:
            body = value.rstrip(b"\x00")
        if level != _LEVEL_ATTACHMENT:
            continue
        if attribute == _ATTACH_REND:
            name = ""
        elif attribute == _ATTACH_TITLE:
            name = value.rstrip(b"\x00").decode("windows-1252", "replace")
        elif attribute == _ATTACH_DATA and len(files) < _MOST:
            files.append(Packed(name or f"attachment-{len(files) + 1}", value))
    return Unpacked(tuple(files), body)


def _attributes(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Walk over (level, attribute, value): 1 byte, 4 bytes, a length of 4, the value, a checksum of 2."""
    at = 0
    while at + 9 <= len(content):
        level, attribute, length = struct.unpack_from("<BII", content, at)
        end = at + 9 + length
        if end > len(content):
            return
        yield level, attribute & 0xFFFF, content[at + 9 : end]
        at = end + 2
