"""Responses: from what a browser posts to facts about a person, for whom and for how long (SAML profiles 4.1.4)."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from psa_sdk.admission import Refused
from psa_sso_saml.decryption import decrypted
from psa_sso_saml.reading import NAMES, SAML, SAMLP, Element, parse, text_of
from psa_sso_saml.signatures import signed_assertion

SKEW: Final = datetime.timedelta(seconds=60)
SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
LONGEST_LIFE: Final = datetime.timedelta(hours=24)


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """Whose responses are taken, where and when."""

    idp: str
    audience: str
    acs: str
    certificates: Sequence[x509.Certificate]
    keys: Sequence[rsa.RSAPrivateKey]
    now: datetime.datetime


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a proven assertion says; `in_response_to` is the request that it answers."""

    assertion_id: str
    in_response_to: str
    subject: str
    subject_format: str
    attributes: Mapping[str, Sequence[str]]
    expires_at: datetime.datetime


def read_response(content: bytes, expected: Expected) -> Facts:
    """Return the facts of a response, each of them from the signed bytes of its only assertion.

    Raises `Refused`. Whether the request was ours and of this browser, and whether the assertion is new, is for the
    caller to ask.
    """
    root = parse(content)
    _check_envelope(root, expected)
    inside = [
        child for child in root if child.tag in {f"{{{SAML}}}Assertion", f"{{{SAML}}}EncryptedAssertion"}
    ]
    everywhere = [
        *root.iter(f"{{{SAML}}}Assertion"),
        *root.iter(f"{{{SAML}}}EncryptedAssertion"),
        *root.iter(f"{{{SAMLP}}}Response"),
    ]
    if len(inside) != 1 or len(everywhere) != 2:
        raise Refused("message_malformed", "it must hold one assertion")
    assertion = inside[0]
    if assertion.tag == f"{{{SAML}}}EncryptedAssertion":
        assertion = decrypted(assertion, expected.keys)
        if len(list(assertion.iter(f"{{{SAML}}}Assertion"))) != 1:
            raise Refused("message_malformed", "it must hold one assertion")
    return _facts(signed_assertion(assertion, expected.certificates, expected.now), expected)


def _check_envelope(root: Element, expected: Expected) -> None:
    """Refuse early what the unsigned envelope says by itself; nothing in it is ever believed."""
    if root.tag != f"{{{SAMLP}}}Response" or root.get("Version") != "2.0":
        raise Refused("message_malformed", "no response of SAML 2.0")
    if root.get("Destination") not in {None, expected.acs}:
        raise Refused("wrong_destination", str(root.get("Destination"))[:200])
    issuer = root.find("saml:Issuer", NAMES)
    if issuer is not None and text_of(issuer) != expected.idp:
        raise Refused("wrong_issuer", text_of(issuer)[:200])
    status = root.find("samlp:Status/samlp:StatusCode", NAMES)
    code = status.get("Value", "") if status is not None else ""
    if code != SUCCESS:
        raise Refused("denied", code[:200])


def _facts(signed: Element, expected: Expected) -> Facts:
    if text_of(signed.find("saml:Issuer", NAMES)) != expected.idp:
        raise Refused("wrong_issuer", text_of(signed.find("saml:Issuer", NAMES))[:200])
    if signed.get("Version") != "2.0":
        raise Refused("message_malformed", "no assertion of SAML 2.0")
    ends = [_check_conditions(signed, expected)]
    names = signed.findall("saml:Subject/saml:NameID", NAMES)
    subject = text_of(names[0]) if len(names) == 1 else ""
    if not 0 < len(subject) <= 500:
        raise Refused("no_subject")
    answers, until = _confirmed(signed, expected)
    ends.append(until)
    ends += _sessions(signed, expected.now)
    return Facts(
        assertion_id=signed.get("ID", ""),
        in_response_to=answers,
        subject=subject,
        subject_format=names[0].get("Format", ""),
        attributes=_attributes(signed),
        expires_at=min(*ends, expected.now + LONGEST_LIFE) + SKEW,
    )


def _check_conditions(signed: Element, expected: Expected) -> datetime.datetime:
    found = signed.findall("saml:Conditions", NAMES)
    if len(found) != 1:
        raise Refused("message_malformed", "no conditions")
    audiences = found[0].findall("saml:AudienceRestriction", NAMES)
    if not audiences:
        raise Refused("wrong_audience", "for anybody")
    for one in audiences:
        listed = [text_of(audience) for audience in one.findall("saml:Audience", NAMES)]
        if expected.audience not in listed:
            raise Refused("wrong_audience", ", ".join(listed)[:200])
    begins = found[0].get("NotBefore")
    if begins is not None and _instant(begins) > expected.now + SKEW:
        raise Refused("not_yet_good")
    ends = found[0].get("NotOnOrAfter")
    return _until(ends, expected.now) if ends is not None else expected.now + LONGEST_LIFE


def _confirmed(signed: Element, expected: Expected) -> tuple[str, datetime.datetime]:
    """Return which request a bearer confirmation answers and until when (profiles 4.1.4.2)."""
    trouble = Refused("not_confirmed")
    for one in signed.findall("saml:Subject/saml:SubjectConfirmation", NAMES):
        data = one.find("saml:SubjectConfirmationData", NAMES)
        if one.get("Method") != BEARER or data is None:
            continue
        if data.get("Recipient") != expected.acs:
            trouble = Refused("wrong_recipient", str(data.get("Recipient"))[:200])
        elif not data.get("InResponseTo"):
            trouble = Refused("unsolicited")
        elif data.get("NotBefore") is not None:
            trouble = Refused("not_confirmed", "a bearer's confirmation has no beginning")
        else:
            return data.get("InResponseTo", ""), _until(data.get("NotOnOrAfter", ""), expected.now)
    raise trouble


def _sessions(signed: Element, now: datetime.datetime) -> list[datetime.datetime]:
    statements = signed.findall("saml:AuthnStatement", NAMES)
    if not statements:
        raise Refused("message_malformed", "nobody logged in")
    ends = [one.get("SessionNotOnOrAfter") for one in statements]
    return [_until(end, now) for end in ends if end is not None]


def _attributes(signed: Element) -> dict[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for one in signed.findall("saml:AttributeStatement/saml:Attribute", NAMES):
        values = [value for value in one.findall("saml:AttributeValue", NAMES) if not len(value)]
        found.setdefault(one.get("Name", ""), []).extend(text_of(value) for value in values)
    return {name: tuple(values) for name, values in found.items()}


def _until(text: str, now: datetime.datetime) -> datetime.datetime:
    ends = _instant(text)
    if now >= ends + SKEW:
        raise Refused("expired")
    return ends


def _instant(text: str) -> datetime.datetime:
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused("message_malformed", f"{text[:40]} is no instant") from error
    return found if found.tzinfo is not None else found.replace(tzinfo=datetime.UTC)
