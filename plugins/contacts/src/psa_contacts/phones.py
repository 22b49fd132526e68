"""Telephone numbers in E.164 (ITU-T E.164), read with a default region."""

import phonenumbers

from psa_sdk.errors import Fault


def to_e164(text: str, region: str) -> str | None:
    """Return a number in E.164, or None when it can't be one; extensions follow `;ext=` (RFC 3966).

    Example:
        >>> to_e164("(212) 555-0123 x9", "US"), to_e164("+49 30 901820", "US"), to_e164("none", "US")
        ('+12125550123;ext=9', '+4930901820', None)
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    base = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{base};ext={number.extension}" if number.extension else base


def check_phone(text: str, region: str, pointer: str) -> tuple[str, Fault | None]:
    """Return the number in E.164, and a fault when it is none."""
    number = to_e164(text, region)
    if number is None:
        detail = f"{text!r} is not a telephone number; write it as +<country code><number>."
        return text, Fault(detail=detail, code="invalid_phone", pointer=pointer)
    return number, None
