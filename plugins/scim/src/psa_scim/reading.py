"""Reading what a provider sent, page by page: two statements for a list, whatever its length."""

from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from scim2_models import Context as Phase
from scim2_models import InvalidSyntaxException, Meta, Resource, ResponseParameters, SearchRequest
from scim2_models.path import ScimFilter

from psa_scim.answers import LIST
from psa_scim.bodies import parsed
from psa_scim.filtering import Compiler, Source
from psa_scim.models import LENIENT, MOST, FullUser, Group
from psa_sdk import Context
from psa_sdk.context import Row
from psa_sdk.errors import NotFound
from psa_sdk.web import WebRequest

R = TypeVar("R", bound=Resource[Any])
_PAGE: Final = 100
_GROUPS: Final = (
    "(SELECT jsonb_agg(jsonb_build_object('value', g.id::text, 'display', g.display_name, 'type', 'direct')"
    " ORDER BY g.display_name, g.id) FROM scim.membership m JOIN scim.directory_group g"
    " ON g.tenant_id = m.tenant_id AND g.id = m.directory_group"
    " WHERE m.tenant_id = r.tenant_id AND m.person = r.id)"
)
_MEMBERS: Final = (
    "(SELECT jsonb_agg(jsonb_build_object('value', m.person::text, 'type', 'User') ORDER BY m.person)"
    " FROM scim.membership m WHERE m.tenant_id = r.tenant_id AND m.directory_group = r.id)"
)


class Kind(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """A kind of resource: its model, its collection, and the SQL that it is read by."""

    model: type[R]
    name: str
    collection: str
    rows: str
    version: str
    changed: str
    source: Source
    linked: str
    """The attribute that other rows hold."""


def _columns(**more: str) -> dict[str, str]:
    return {
        "id": "r.id::text",
        "externalId": "nullif(r.external_id, '')",
        "meta.created": "r.created_at",
        **more,
    }


USERS: Final = Kind(
    model=FullUser,
    name="User",
    collection="Users",
    rows="scim.person r JOIN psa.account a ON a.tenant_id = r.tenant_id AND a.id = r.account"
    " WHERE r.provider = $1 AND r.deleted_at IS NULL",
    version="r.version || '.' || a.version",
    changed="greatest(r.updated_at, a.updated_at)",
    source=Source(
        "r.document",
        _columns(
            userName="r.user_name",
            active="(r.active AND a.status <> 'disabled')",
            **{"meta.lastModified": "greatest(r.updated_at, a.updated_at)", "meta.resourceType": "'User'"},
        ),
        {"groups": _GROUPS},
        {"userName": "r.user_name_key", "externalId": "r.external_id"},
    ),
    linked="groups",
)
GROUPS: Final = Kind(
    model=Group,
    name="Group",
    collection="Groups",
    rows="scim.directory_group r WHERE r.provider = $1",
    version="r.version::text",
    changed="r.updated_at",
    source=Source(
        "r.document",
        _columns(
            displayName="r.display_name",
            **{"meta.lastModified": "r.updated_at", "meta.resourceType": "'Group'"},
        ),
        {"members": _MEMBERS},
        {"externalId": "r.external_id"},
    ),
    linked="members",
)
_OWN_COLUMNS: Final = {
    "User": "r.user_name, r.active AND a.status <> 'disabled' AS active",
    "Group": "r.display_name",
}


def search_of(kind: Kind[R], request: WebRequest) -> SearchRequest[R]:
    """Return what a GET's parameters ask for; raises the library's errors."""
    given = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
    return _search(kind, {name: value for name, value in given.items() if value != ""})


def posted_search(kind: Kind[R], body: bytes) -> SearchRequest[R]:
    """Return what a POST to `.search` asks for (RFC 7644 3.4.3)."""
    return _search(kind, parsed(body))


def _search(kind: Kind[R], given: Mapping[str, Any]) -> SearchRequest[R]:
    asked = SearchRequest[kind.model].model_validate(
        given, scim_ctx=Phase.SEARCH_REQUEST, scim_policy=LENIENT
    )
    if asked.cursor is not None:
        raise InvalidSyntaxException(detail="Lists are paged by startIndex.")
    return asked


async def listed(
    ctx: Context, kind: Kind[R], provider: UUID, asked: SearchRequest[R], base: str
) -> Mapping[str, Any]:
    """Return a page of a list (RFC 7644 3.4.2): a statement that counts and one that reads."""
    start = asked.start_index_0 or 0
    total, documents = await _page(ctx, kind, provider, asked, base, start, _size(asked))
    return _list(total, start, documents)


async def listed_all(ctx: Context, provider: UUID, body: bytes, base: str) -> Mapping[str, Any]:
    """Return a page of all users and then all groups (RFC 7644 3.4.2.1, 3.4.3), each unsorted by the other's attributes."""
    given = parsed(body)
    both = SearchRequest[FullUser | Group].model_validate(
        given, scim_ctx=Phase.SEARCH_REQUEST, scim_policy=LENIENT
    )
    start, size, passed, found = both.start_index_0 or 0, _size(both), 0, list[dict[str, Any]]()
    for kind in _kinds():
        asked = _narrowed(kind, both)
        room = max(0, size - len(found))
        total, documents = await _page(ctx, kind, provider, asked, base, max(0, start - passed), room)
        passed += total
        found += documents
    return _list(passed, start, found)


def _narrowed(kind: Kind[Any], both: SearchRequest[Any]) -> SearchRequest[Any]:
    """Return a search of all kinds as it is for one; attributes that it hasn't have no value there."""
    return both.model_copy(
        update={"filter": ScimFilter[kind.model](str(both.filter)) if both.filter else None}
    )


def _kinds() -> tuple[Kind[Any], ...]:
    return USERS, GROUPS


def _size(asked: SearchRequest[Any]) -> int:
    return min(asked.count if asked.count is not None else _PAGE, MOST)


def _list(total: int, start: int, documents: list[dict[str, Any]]) -> Mapping[str, Any]:
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start + 1,
        "itemsPerPage": len(documents),
        "Resources": documents,
    }


async def _page(
    ctx: Context, kind: Kind[R], provider: UUID, asked: SearchRequest[R], base: str, start: int, size: int
) -> tuple[int, list[dict[str, Any]]]:
    arguments: list[object] = [provider]
    wanted = f" AND {Compiler(kind.source, asked.filter, arguments).sql()}" if asked.filter else ""
    total: int = await ctx.db.fetch_value(f"SELECT count(*) FROM {kind.rows}{wanted}", *arguments)
    if not size or start >= total:
        return total, []
    rows = await ctx.db.fetch(
        f"{_select(kind, asked)}{wanted} ORDER BY {_order(kind, asked)}r.id LIMIT {size} OFFSET {start}",
        *arguments,
    )
    return total, [document(kind, shown(kind, row, base), asked) for row in rows]


async def found(ctx: Context, kind: Kind[R], provider: UUID, id: UUID, base: str) -> R:
    """Return a resource of a provider; raises `NotFound`, also for one of another provider."""
    row = await ctx.db.fetch_one(f"{_select(kind, None)} AND r.id = $2", provider, id)
    if row is None:
        raise NotFound(f"There is no {kind.name} {id}.")
    return shown(kind, row, base)


def shown(kind: Kind[R], row: Row, base: str) -> R:
    """Return a row as SCIM has it."""
    filled = kind.model.model_validate(
        msgspec.json.decode(row["document"]), scim_ctx=None, scim_policy=LENIENT
    )
    filled.id = str(row["id"])
    filled.external_id = row["external_id"] or None
    filled.meta = Meta(
        resource_type=kind.name,
        created=row["created_at"],
        last_modified=row["changed"],
        location=f"{base}/{kind.collection}/{row['id']}",
        version=f'W/"{row["version"]}"',
    )
    other = "Groups" if kind.linked == "groups" else "Users"
    linked = [
        {**one, "$ref": f"{base}/{other}/{one['value']}"}
        for one in msgspec.json.decode(row["linked"] or "[]")
    ]
    more = {kind.linked: linked} if linked else {}
    for name in ("user_name", "active", "display_name"):
        if name in row:
            setattr(filled, name, row[name])
    return kind.model.model_validate(
        {**filled.model_dump(scim_ctx=Phase.DEFAULT), **more}, scim_ctx=None, scim_policy=LENIENT
    )


def document(kind: Kind[R], resource: R, asked: ResponseParameters[R] | None) -> dict[str, Any]:
    """Return a resource's document with the attributes that were asked for (RFC 7644 3.9)."""
    return resource.model_dump(scim_ctx=Phase.RESOURCE_QUERY_RESPONSE, response_parameters=asked)


def _select(kind: Kind[R], asked: SearchRequest[R] | None) -> str:
    left_out = asked is not None and kind.linked in {
        str(one).lower() for one in asked.excluded_attributes or ()
    }
    linked = "NULL" if left_out else kind.source.lists[kind.linked]
    return (
        f"SELECT r.id, r.external_id, r.document, r.created_at, {kind.changed} AS changed, {kind.version} AS version,"
        f" {_OWN_COLUMNS[kind.name]}, {linked} AS linked FROM {kind.rows}"
    )


def _order(kind: Kind[R], asked: SearchRequest[R]) -> str:
    """Return what to sort by first (RFC 7644 3.4.2.3); rows without a value are last, first when descending."""
    attribute = asked.sort_binding(kind.model)
    if attribute is None:
        return ""
    if attribute.is_multivalued:
        inner = attribute.urn.rpartition(".")[2]
        sql = (
            f"(SELECT item.value ->> '{inner}' FROM {kind.source.items(attribute)}"
            " ORDER BY (item.value ->> 'primary')::boolean IS TRUE DESC LIMIT 1)"
        )
    else:
        sql = kind.source.text(attribute)
    if attribute.target_type is str:
        sql = f'lower({sql}) COLLATE "C"' if not attribute.case_exact else f'{sql} COLLATE "C"'
    return f"{sql} {'DESC' if asked.sort_order == SearchRequest.SortOrder.descending else 'ASC'}, "
