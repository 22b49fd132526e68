"""XML from strangers: no DTD, no entities, no network, no comments, no two elements of one ID, and never too much."""

import base64
import binascii
import zlib
from typing import Any, Final, TypeAlias

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from psa_sdk.admission import Refused

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
MD: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
NAMES: Final = {"saml": SAML, "samlp": SAMLP, "md": MD, "ds": DS, "xenc": XENC}
MOST_BYTES: Final = 1 << 20
MOST_ELEMENTS: Final = 10_000
Element: TypeAlias = Any
"""An element of lxml, which brings no types."""


def parser() -> Any:
    """Return a parser that fetches and expands nothing."""
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=False,
        remove_pis=False,
    )


def parse(content: bytes) -> Element:
    """Return the root of a document of a message; raises `Refused` for anything that no message needs."""
    if len(content) > MOST_BYTES:
        raise Refused("message_too_large")
    # Before it is parsed: a declaration of entities is never looked at.
    if b"<!DOCTYPE" in content.upper() or b"\x00" in content:
        raise Refused("doctype")
    try:
        root = etree.fromstring(content, parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refused("message_malformed", str(error)[:200]) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Refused("doctype")
    known: set[str] = set()
    for number, node in enumerate(root.iter()):
        # Comments and processing instructions split texts for some readers and not for others.
        if not isinstance(node.tag, str) or number > MOST_ELEMENTS:
            raise Refused("message_malformed", "comments, instructions or too many elements")
        for name in ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id"):
            value = node.get(name)
            if value is not None and value in known:
                raise Refused("message_malformed", "two elements of one ID")
            if value is not None:
                known.add(value)
    return root


def decoded(text: str) -> bytes:
    """Return the content of a message of the POST binding (SAML bindings 3.5.4)."""
    if len(text) > MOST_BYTES * 4 // 3 + 4:
        raise Refused("message_too_large")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("message_malformed", "no base64") from error


def deflated(content: bytes) -> str:
    """Return a message for the redirect binding (SAML bindings 3.4.4.1)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(packer.compress(content) + packer.flush()).decode()


def text_of(element: Element | None) -> str:
    """Return an element's whole text, trimmed; empty without one. Children make it malformed."""
    if element is None:
        return ""
    if len(element):
        raise Refused("message_malformed", f"elements within {etree.QName(element).localname}")
    return (element.text or "").strip()
