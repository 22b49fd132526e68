"""What a directory's entry says about a person."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_directory_ldap.api import GroupLookup
from psa_directory_ldap.conversation import Entry
from psa_directory_ldap.presets import PRESETS
from psa_sdk.admission import Person

_DISABLED: Final = 0x2
"""ADS_UF_ACCOUNTDISABLE of userAccountControl."""
_NEVER: Final = (1 << 63) - 1
_FILETIME: Final = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC)
_LOCKED_FOR_GOOD: Final = "000001010000Z"
"""pwdAccountLockedTime of an administrator's lock (draft-behera-ldap-password-policy 5.3.3)."""
_STATE: Final = ("userAccountControl", "accountExpires", "pwdAccountLockedTime", "nsAccountLock")
_LONGEST: Final = 200


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """Where things stand in a directory's entries."""

    base_dn: str
    user_filter: str
    subject: str
    logins: Sequence[str]
    email: str
    name: str
    group_base_dn: str
    group_lookup: GroupLookup
    group_roles: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Mapped":
        """Return what a directory's columns say."""
        known = PRESETS[row["preset"]]
        lookup = row["group_lookup"]
        return cls(
            base_dn=row["base_dn"],
            user_filter=row["user_filter"],
            subject=row["subject_attribute"],
            logins=tuple(row["login_attributes"]),
            email=row["email_attribute"],
            name=row["name_attribute"],
            group_base_dn=row["group_base_dn"] or row["base_dn"],
            group_lookup=known["group_lookup"] if lookup == "preset" else lookup,
            group_roles=row["group_roles"],
        )

    @property
    def attributes(self) -> list[str]:
        """What is asked of each person."""
        return list(dict.fromkeys((self.subject, *self.logins, self.email, self.name, "cn", "uid", *_STATE)))

    def subject_of(self, entry: Entry) -> str:
        """Return who somebody is for good; empty where the entry doesn't say.

        Example:
            >>> mapped = Mapped(base_dn="", user_filter="", subject="objectGUID", logins=(), email="", name="",
            ...     group_base_dn="", group_lookup="nested", group_roles={})
            >>> mapped.subject_of(Entry(dn="", values={"objectguid": [bytes(range(16))]}))
            '03020100-0504-0706-0809-0a0b0c0d0e0f'
        """
        if self._is_guid:
            raw = entry.raw(self.subject)
            return str(UUID(bytes_le=raw)) if len(raw) == 16 else ""
        return entry.text(self.subject).lower()

    def subject_value(self, subject: str) -> bytes:
        """Return how a directory writes a subject: Microsoft's mixed order for objectGUID (MS-DTYP 2.3.4.2)."""
        return UUID(subject).bytes_le if self._is_guid else subject.encode()

    @property
    def _is_guid(self) -> bool:
        return self.subject.lower() == "objectguid"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a directory; `closed` where they may no longer log in there."""

    dn: str
    uid: str
    person: Person
    closed: bool


def found(entry: Entry, mapped: Mapped, now: datetime.datetime) -> Found | None:
    """Return the person of an entry, groups left open; None for an entry without a subject."""
    subject = mapped.subject_of(entry)
    if not subject:
        return None
    email = entry.text(mapped.email)
    who = Person(
        subject=subject,
        email=email,
        # A directory of one's own is the organisation's word for its people's addresses.
        email_verified=bool(email),
        name=(entry.text(mapped.name) or entry.text("cn") or email)[:_LONGEST],
        groups=None,
    )
    return Found(dn=entry.dn, uid=entry.text("uid"), person=who, closed=is_closed(entry, now))


def in_groups(one: Found, groups: frozenset[str]) -> Found:
    """Return a person with the mapped groups that they are in."""
    return msgspec.structs.replace(one, person=msgspec.structs.replace(one.person, groups=groups))


def is_closed(entry: Entry, now: datetime.datetime) -> bool:
    """Tell whether a directory has closed an account: disabled, expired, or locked by an administrator."""
    control, expires = _number(entry, "userAccountControl"), _number(entry, "accountExpires")
    ended = 0 < expires < _NEVER and expires // 10 < (now - _FILETIME) // datetime.timedelta(microseconds=1)
    locked = entry.text("pwdAccountLockedTime") == _LOCKED_FOR_GOOD
    return bool(control & _DISABLED) or ended or locked or entry.text("nsAccountLock").lower() == "true"


def _number(entry: Entry, attribute: str) -> int:
    text = entry.text(attribute)
    return int(text) if len(text) <= 20 and text.isascii() and text.isdigit() else 0
