"""Users and groups as SCIM has them (RFC 7643), cut to what is kept here, and what the service says of itself.

What isn't declared here doesn't exist: `roles`, `password` and the like are dropped wherever they are sent.
"""

from typing import Annotated, Any, ClassVar, Final

from pydantic import Field
from scim2_models import (
    URN,
    AnyExtension,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Extension,
    External,
    Filter,
    Mutability,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

MOST: Final = 200
"""The most that a page of a list holds."""
_READ_ONLY: Final = Mutability.read_only


class Name(ComplexAttribute):
    """The parts of a person's name."""

    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    honorific_prefix: str | None = None
    honorific_suffix: str | None = None


class Email(ComplexAttribute):
    """An address. Not the library's own, which refuses names of internal networks."""

    value: Annotated[str | None, Required.true] = None
    display: str | None = None
    type: str | None = None
    primary: bool | None = None


class PhoneNumber(ComplexAttribute):
    """A number to call."""

    value: str | None = None
    display: str | None = None
    type: str | None = None
    primary: bool | None = None


class GroupOfUser(ComplexAttribute):
    """A group that somebody is in; written at the group."""

    value: Annotated[str | None, _READ_ONLY, CaseExact.true] = None
    ref: Annotated[Reference["Group"] | None, _READ_ONLY] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    display: Annotated[str | None, _READ_ONLY] = None
    type: Annotated[str | None, _READ_ONLY] = None


class EnterpriseUser(Extension):
    """The enterprise extension (RFC 7643 4.3) without the manager."""

    __schema__ = URN("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")

    employee_number: str | None = None
    cost_center: str | None = None
    organization: str | None = None
    division: str | None = None
    department: str | None = None


class User(Resource[AnyExtension]):
    """A member of staff (RFC 7643 4.1)."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    Name: ClassVar[type[ComplexAttribute]] = Name
    display_name: str | None = None
    title: str | None = None
    user_type: str | None = None
    preferred_language: str | None = None
    locale: str | None = None
    timezone: str | None = None
    active: Annotated[bool | None, Required.true] = None
    emails: Annotated[list[Email] | None, Required.true] = None
    Emails: ClassVar[type[ComplexAttribute]] = Email
    phone_numbers: list[PhoneNumber] | None = None
    PhoneNumbers: ClassVar[type[ComplexAttribute]] = PhoneNumber
    groups: Annotated[list[GroupOfUser] | None, _READ_ONLY] = None
    Groups: ClassVar[type[ComplexAttribute]] = GroupOfUser


class Member(ComplexAttribute):
    """Somebody in a group."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(  # pyright: ignore[reportMissingTypeArgument]
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])


class Group(Resource[Any]):
    """A group of staff (RFC 7643 4.2)."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = None
    members: list[Member] | None = None
    Members: ClassVar[type[ComplexAttribute]] = Member


FullUser = User[EnterpriseUser]

LENIENT: Final = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
"""What providers are forgiven: attributes that aren't kept here, and the deviations of Entra ID."""

SERVICE: Final = ScimProvider(
    models=[User, EnterpriseUser, Group],
    resource_types=[ResourceType.from_resource(FullUser), ResourceType.from_resource(Group)],
    config=ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MOST),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=True),
        etag=ETag(supported=True),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Bearer token",
                description="A token that an administrator makes among the settings.",
                spec_uri=Reference[External]("https://datatracker.ietf.org/doc/html/rfc6750"),
                primary=True,
            )
        ],
    ),
    policy=LENIENT,
)
