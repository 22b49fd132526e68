"""Table bases and column types: what a plugin stores.

A plugin's tables live in one PostgreSQL schema named after the plugin. Columns are required
unless they say `null=True` or give a default: a missing value is an error, never an empty string.
Row-level security, composite references, checks and indexes are applied by the kernel from
what is declared here.
"""

import datetime
import decimal
import os
import time
import uuid
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import msgspec
from piccolo import columns as pc
from piccolo.columns.base import Column
from piccolo.columns.combination import And, Or, Where, WhereRaw
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.defaults.uuid import UUID4
from piccolo.querystring import QueryString
from piccolo.table import Table

__all__ = [
    "UUID",
    "And",
    "BigInt",
    "Boolean",
    "Choice",
    "Column",
    "Condition",
    "Date",
    "Decimal",
    "Index",
    "Instant",
    "Integer",
    "Json",
    "PlatformTable",
    "QueryString",
    "Ref",
    "Sealed",
    "Table",
    "Tags",
    "TenantTable",
    "Text",
    "new_id",
]

Condition = Where | WhereRaw | And | Or
"""What `Ticket.status == "open"` gives; combine with `&` and `|`."""


def new_id() -> uuid.UUID:
    """Return a UUID of version 7 (RFC 9562 5.7), in the order of time to a quarter of a microsecond (6.2, method 3)."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    value = (
        (milliseconds & (1 << 48) - 1) << 80
        | 7 << 76
        | (rest << 12) // 1_000_000 << 64
        | 2 << 62
        | int.from_bytes(os.urandom(8), "big") >> 2
    )
    return uuid.UUID(int=value)


class _NewId(UUID4):
    """The database default of primary keys; rows written by the kernel bring their own version 7 id."""

    @property
    def postgres(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return "psa.new_id()"

    def python(self) -> uuid.UUID:
        return new_id()


class _CurrentTenant(UUID4):
    """Filled from the unit of work, so that no statement has to name the tenant."""

    @property
    def postgres(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return "psa.current_tenant()"

    def python(self) -> Any:
        return QueryString("psa.current_tenant()")


class Text(pc.Text):
    """A string of any length."""

    def __init__(
        self, *, null: bool = False, default: str | None = None, help_text: str | None = None
    ) -> None:
        """Declare a text column."""
        super().__init__(default=default, null=null, help_text=help_text)


class Choice(pc.Text):
    """A string out of a closed set, enforced by a CHECK (never an enum: its operators defeat RLS indexes)."""

    def __init__(
        self,
        *allowed: str,
        null: bool = False,
        default: str | None = None,
        help_text: str | None = None,
    ) -> None:
        """Declare the allowed values in their natural order."""
        self.allowed = allowed
        super().__init__(default=default, null=null, help_text=help_text)

    @property
    def column_type(self) -> str:
        """The SQL type."""
        return "TEXT"


class Integer(pc.Integer):
    """A 32-bit integer."""

    def __init__(
        self, *, null: bool = False, default: int | None = None, help_text: str | None = None
    ) -> None:
        """Declare an integer column."""
        super().__init__(default=default, null=null, help_text=help_text)


class BigInt(pc.BigInt):
    """A 64-bit integer."""

    def __init__(
        self, *, null: bool = False, default: int | None = None, help_text: str | None = None
    ) -> None:
        """Declare a 64-bit integer column."""
        super().__init__(default=default, null=null, help_text=help_text)

    @property
    def column_type(self) -> Literal["BIGINT"]:
        """The SQL type."""
        return "BIGINT"


class Boolean(pc.Boolean):
    """True or false."""

    def __init__(
        self, *, null: bool = False, default: bool | None = None, help_text: str | None = None
    ) -> None:
        """Declare a boolean column."""
        super().__init__(default=default, null=null, help_text=help_text)


class Decimal(pc.Numeric):
    """An exact decimal; JSON carries it as a string."""

    def __init__(
        self,
        *,
        digits: tuple[int, int] | None = None,
        null: bool = False,
        default: decimal.Decimal | None = None,
        help_text: str | None = None,
    ) -> None:
        """Declare a decimal; `digits` is (precision, scale)."""
        super().__init__(digits=digits, default=default, null=null, help_text=help_text)

    @property
    def column_type(self) -> str:
        """The SQL type."""
        return f"NUMERIC({self.precision}, {self.scale})" if self.digits else "NUMERIC"


class Instant(pc.Timestamptz):
    """A point in time, always aware, stored in UTC."""

    def __init__(
        self,
        *,
        null: bool = False,
        default: Any = None,
        help_text: str | None = None,
    ) -> None:
        """Declare an instant."""
        super().__init__(default=default, null=null, help_text=help_text)

    @property
    def column_type(self) -> str:
        """The SQL type."""
        return "TIMESTAMPTZ"


class Date(pc.Date):
    """A business date, without time or zone."""

    def __init__(
        self, *, null: bool = False, default: datetime.date | None = None, help_text: str | None = None
    ) -> None:
        """Declare a date."""
        super().__init__(default=default, null=null, help_text=help_text)


class UUID(pc.UUID):
    """An identifier that is no reference to a resource."""

    def __init__(
        self,
        *,
        null: bool = False,
        default: Any = None,
        primary_key: bool = False,
        help_text: str | None = None,
    ) -> None:
        """Declare a uuid column."""
        super().__init__(default=default, null=null, primary_key=primary_key, help_text=help_text)


class Ref(pc.UUID):
    """A reference to another resource by its JSON:API type.

    The kernel adds the composite foreign key `(tenant_id, column) → (tenant_id, id)` when the plugin
    that owns the resource is installed; until then the column is a plain uuid.

    Example:
        >>> class Visit(TenantTable, schema="visits", tablename="visit"):
        ...     company = Ref("companies", on_delete="cascade")
        >>> Visit.company.target
        'companies'
    """

    def __init__(
        self,
        target: str,
        *,
        on_delete: Literal["restrict", "cascade", "set_null"] = "restrict",
        null: bool = False,
        help_text: str | None = None,
    ) -> None:
        """Name the target resource and what happens to this row when the target goes."""
        self.target = target
        self.deletion = on_delete
        super().__init__(default=None, null=null, help_text=help_text)

    @property
    def column_type(self) -> str:
        """The SQL type."""
        return "UUID"


class Json(pc.JSONB):
    """A JSON document, read and written as Python values through `ctx.records`."""

    def __init__(self, *, null: bool = False, default: Any = None, help_text: str | None = None) -> None:
        """Declare a jsonb column."""
        super().__init__(default=default, null=null, help_text=help_text)

    @property
    def column_type(self) -> Literal["JSONB"]:
        """The SQL type."""
        return "JSONB"


class Tags(pc.Array):
    """A set of short labels (text[])."""

    def __init__(self, *, null: bool = False, help_text: str | None = None) -> None:
        """Declare a tag list; the default is empty."""
        super().__init__(base_column=pc.Text(default=""), default=list, null=null, help_text=help_text)


class Sealed(pc.Bytea):
    """A secret, encrypted under the tenant's key and bound to its table, column and row.

    Reads give `True` or `False` (set or not); `ctx.reveal(resource, id, column)` gives the plain text
    and is audited.
    """

    def __init__(self, *, null: bool = True, help_text: str | None = None) -> None:
        """Declare a sealed column."""
        super().__init__(default=None, null=null, help_text=help_text)

    @property
    def column_type(self) -> Literal["BYTEA"]:
        """The SQL type."""
        return "BYTEA"


class Index(msgspec.Struct, frozen=True):
    """An index of a tenant table; `tenant_id` is put in front by the kernel.

    Unique indexes are therefore unique per tenant. `where` is SQL for a partial index,
    `expressions` may be column names or SQL such as `lower(name)`.
    """

    expressions: tuple[str, ...]
    unique: bool = False
    where: str = ""


class PlatformTable(Table):
    """A table above tenants; only the kernel declares these.

    `grants` is what the application's role may do to it, such as `"SELECT, INSERT"`; `""` leaves it to
    SECURITY DEFINER functions, which is a must for a table with a `tenant_id`.
    """

    id = UUID(primary_key=True, default=_NewId())
    created_at = Instant(default=TimestamptzNow())
    updated_at = Instant(default=TimestamptzNow())
    version = Integer(default=1)
    index_on: ClassVar[Sequence[Index]] = ()
    checks: ClassVar[Sequence[str]] = ()
    grants: ClassVar[str] = "SELECT"
    append_only: ClassVar[bool] = False


class TenantTable(Table):
    """A table whose rows belong to one tenant; isolation is the kernel's work.

    Gives `id` (uuid version 7), `tenant_id`, `created_at`, `updated_at` and `version` (the ETag).
    `index_on` and `checks` (SQL expressions) are converged at start.

    `append_only` refuses updates and deletes to everyone. `company_key` names the column that holds the
    client company a row belongs to: PostgreSQL then hides other companies' rows from portal principals.
    Unsaid, it is the `Ref("companies")` column named `company`, if there is one; `""` switches it off.
    `exported=False` keeps credentials and transport out of a tenant's export.

    Example:
        >>> class Asset(TenantTable, schema="assets", tablename="asset"):
        ...     name = Text()
        ...     kind = Choice("server", "workstation", default="workstation")
        ...     company = Ref("companies")
        ...     index_on = (Index(("company", "name")), Index(("name",), unique=True, where="kind = 'server'"))
        >>> [column._meta.name for column in Asset._meta.columns][:5]
        ['id', 'tenant_id', 'created_at', 'updated_at', 'version']
    """

    id = UUID(primary_key=True, default=_NewId())
    tenant_id = UUID(default=_CurrentTenant())
    created_at = Instant(default=TimestamptzNow())
    updated_at = Instant(default=TimestamptzNow())
    version = Integer(default=1)
    index_on: ClassVar[Sequence[Index]] = ()
    checks: ClassVar[Sequence[str]] = ()
    append_only: ClassVar[bool] = False
    company_key: ClassVar[str | None] = None
    exported: ClassVar[bool] = True
