"""The attributes of companies, contacts and sites as clients read and write them."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from psa_sdk import Address

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Line = Annotated[str, Meta(max_length=200)]
Url = Annotated[str, Meta(max_length=500, pattern=r"^https?://\S+$", description="An http or https address")]
Long = Annotated[str, Meta(max_length=20_000)]
Zone = Annotated[str, Meta(max_length=60, description="IANA time zone, such as Europe/Berlin")]
Tag = Annotated[str, Meta(min_length=1, max_length=50)]
TagList = Annotated[list[Tag], Meta(max_length=50)]
CompanyType = Literal["client", "prospect", "vendor", "partner"]
CompanyStatus = Literal["active", "inactive", "prospect"]
ContactType = Literal["primary", "technical", "billing", "other"]
ContactMethod = Literal["email", "phone", "mobile", "portal"]


class CompanyWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a company."""

    name: Name
    company_type: CompanyType = "client"
    status: CompanyStatus = "active"
    industry: Line | None = None
    website: Url | None = None
    phone: Line | None = None
    address: Address = Address()
    billing_address: Address = Address()
    tax_id: Line | None = None
    timezone: Zone | None = None
    external_id: Line | None = None
    custom_fields: dict[str, Any] = field(default_factory=dict)
    tags: TagList = field(default_factory=list)
    notes: Long | None = None


class CompanyRead(CompanyWrite, kw_only=True):
    """A company's attributes."""

    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ContactWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a contact."""

    first_name: Annotated[str, Meta(max_length=200)]
    last_name: Annotated[str, Meta(max_length=200)] = ""
    email: Line | None = None
    phone: Line | None = None
    mobile: Line | None = None
    title: Line | None = None
    department: Line | None = None
    contact_type: ContactType = "other"
    is_primary: bool = False
    preferred_contact_method: ContactMethod = "email"
    timezone: Zone | None = None
    is_verified: bool = True
    external_id: Line | None = None
    custom_fields: dict[str, Any] = field(default_factory=dict)
    tags: TagList = field(default_factory=list)
    notes: Long | None = None


class ContactRead(ContactWrite, kw_only=True):
    """A contact's attributes."""

    name: str
    is_portal_user: bool
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ContactPortalWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What clients may change about their own people."""

    first_name: Annotated[str, Meta(max_length=200)]
    last_name: Annotated[str, Meta(max_length=200)] = ""
    phone: Line | None = None
    mobile: Line | None = None
    title: Line | None = None
    department: Line | None = None
    preferred_contact_method: ContactMethod = "email"
    timezone: Zone | None = None


class ContactEmailWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A further address of a contact."""

    address: Line


class ContactEmailRead(ContactEmailWrite, kw_only=True):
    """An address of a contact."""

    is_main: bool
    is_bouncing: bool
    created_at: datetime
    updated_at: datetime


class CompanyDomainWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A mail domain of a company."""

    domain: Annotated[str, Meta(min_length=3, max_length=253)]


class CompanyDomainRead(CompanyDomainWrite, kw_only=True):
    """A mail domain of a company."""

    created_at: datetime
    updated_at: datetime


class SiteWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a site."""

    name: Name
    address: Address = Address()
    phone: Line | None = None
    is_primary: bool = False
    timezone: Zone | None = None
    notes: Long | None = None
    external_id: Line | None = None
    custom_fields: dict[str, Any] = field(default_factory=dict)


class SiteRead(SiteWrite, kw_only=True):
    """A site's attributes."""

    created_at: datetime
    updated_at: datetime


class ContactMergeRead(msgspec.Struct, kw_only=True):
    """A merge and until when it can be undone."""

    moved: dict[str, Any]
    undo_until: datetime
    undone_at: datetime | None
    created_at: datetime
    updated_at: datetime


class CompanyMergeRead(ContactMergeRead, kw_only=True):
    """A merge of companies and until when it can be undone."""


class MergePreview(msgspec.Struct, kw_only=True):
    """What a merge would do: how many records follow by `resource.column`, and to values of the one that stays.

    `fills` are those that it takes over or adds to, `keeps` those in which both differ and its own stay.
    """

    moves: dict[str, int]
    fills: list[str]
    keeps: list[str]
