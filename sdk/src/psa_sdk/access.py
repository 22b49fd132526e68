"""Permissions, roles and object scopes: who may do what, to which records.

A permission is `<plugin>.<noun>.<verb>`. A grant is a permission or a pattern ending in `*`, may carry
an object scope after `@` (`ticketing.tickets.update@own`) and denies when it starts with `!`.
Deny beats allow. Every resource brings `read`, `create`, `update` and `delete` by itself.
"""

from collections.abc import Callable
from typing import Literal
from uuid import UUID

import msgspec

from psa_sdk.tables import Condition, QueryString

Audience = Literal["staff", "portal"]
"""Staff work in the console and the API; portal principals are clients' people."""


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """A right beyond the four verbs of a resource, checked by a route or `ctx.require`.

    `sensitive` is closed to whoever acts as another; `audience` says who may be granted it. A recent proof of the
    second factor is asked for by a route (`step_up`).
    """

    name: str
    title: str
    sensitive: bool = False
    audience: Audience = "staff"


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """The facts about a principal that an object scope may use."""

    id: UUID
    company_id: UUID | None = None
    contact_id: UUID | None = None
    team_ids: tuple[UUID, ...] = ()
    client_admin: bool = False


Scope = Callable[[Who], Condition | QueryString]
"""Given a principal, the rows it sees: `lambda who: Ticket.company == who.company_id`.

It becomes part of every statement, so lists, counts, includes, search and exports agree.
"""

STANDARD_ROLES: tuple[tuple[str, str, Audience], ...] = (
    ("super_admin", "Super Admin", "staff"),
    ("admin", "Admin", "staff"),
    ("manager", "Manager", "staff"),
    ("technician", "Technician", "staff"),
    ("dispatcher", "Dispatcher", "staff"),
    ("sales", "Sales", "staff"),
    ("finance", "Finance", "staff"),
    ("client_admin", "Client Admin", "portal"),
    ("client_user", "Client User", "portal"),
)
"""The nine roles every tenant starts with: key, title, audience. Plugins add grants to them."""
