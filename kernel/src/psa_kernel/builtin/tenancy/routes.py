"""The operator's routes over tenants; they exist only where there are several (TEN-14)."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import UUID

import msgspec
from litestar.response import Stream

from psa_kernel.builtin.tenancy import hosts, lifecycle, usage
from psa_kernel.builtin.tenancy.documents import (
    ExportOptions,
    NewTenant,
    Suspension,
    TenantDocument,
    TenantPatch,
    TenantQuery,
    TenantReplacement,
    UsageDocument,
    UsageQuery,
)
from psa_kernel.builtin.tenancy.exporting import chunks, temporary_archive
from psa_kernel.builtin.tenancy.operators import CREATE, DELETE, EXPORT, READ, UPDATE, operator_unit
from psa_kernel.builtin.tenancy.provisioning import check_identity, provision
from psa_kernel.unit_of_work import Unit
from psa_sdk import Answer, AnswerList, Context, delete, get, patch, post, put
from psa_sdk.errors import Conflict, NotFound

_COLUMNS = "id, " + ", ".join(TenantDocument.__struct_fields__)


async def _answer(unit: Unit, id: UUID, status: int = 200) -> Answer:
    row = await unit.connection.fetchrow(f"SELECT {_COLUMNS} FROM psa.tenant WHERE id = $1", id)
    if row is None:
        raise NotFound(f"There is no tenant {id}.")
    values = dict(row)
    del values["id"]
    headers = {"Location": f"/api/v1/tenants/{id}"} if status == 201 else {}
    return Answer(
        type="tenants", id=str(id), attributes=TenantDocument(**values), status=status, headers=headers
    )


@get("/tenants", permission=READ, returns=TenantDocument, answer_type="tenants")
async def list_tenants(ctx: Context, query: TenantQuery) -> AnswerList:
    """List the tenants by slug."""
    unit = operator_unit(ctx)
    rows = await unit.connection.fetch(
        f"SELECT {_COLUMNS} FROM psa.tenant WHERE slug > $1 AND ($2::text IS NULL OR status = $2)"
        " AND ($3 = '' OR strpos(lower(name), lower($3)) > 0 OR strpos(slug, lower($3)) > 0)"
        f" ORDER BY slug LIMIT {query.size + 1}",
        query.after,
        query.status,
        query.q,
    )
    items = [
        Answer(
            type="tenants",
            id=str(row["id"]),
            attributes=TenantDocument(**{name: value for name, value in row.items() if name != "id"}),
        )
        for row in rows[: query.size]
    ]
    more = len(rows) > query.size
    link = (
        f"/api/v1/tenants?page[size]={query.size}&page[after]={rows[query.size - 1]['slug']}"
        if more
        else None
    )
    return AnswerList(items=items, next=link)


@post("/tenants", permission=CREATE, status=201, returns=TenantDocument, answer_type="tenants")
async def create_tenant(ctx: Context, body: NewTenant) -> Answer:
    """Provision a tenant with its keys, its first data and, if named, its administrator."""
    unit = operator_unit(ctx)
    check_identity(body.slug, body.timezone)
    if await unit.connection.fetchval("SELECT true FROM psa.tenant WHERE slug = $1", body.slug):
        raise Conflict(
            f"There is a tenant {body.slug} already; choose another slug.",
            code="slug_taken",
            pointer="/data/attributes/slug",
        )
    made = await provision(unit.kernel, **msgspec.structs.asdict(body))
    await unit.audit("tenant_provisioned", "tenants", made, slug=body.slug, name=body.name)
    return await _answer(unit, made, 201)


@get("/tenants/{id:uuid}", permission=READ, returns=TenantDocument, answer_type="tenants")
async def get_tenant(ctx: Context, id: UUID) -> Answer:
    """Show a tenant."""
    return await _answer(operator_unit(ctx), id)


@put("/tenants/{id:uuid}", permission=UPDATE, returns=TenantDocument, answer_type="tenants")
async def replace_tenant(ctx: Context, id: UUID, body: TenantReplacement) -> Answer:
    """Replace what a tenant says about itself."""
    return await _write(ctx, id, msgspec.structs.asdict(body))


@patch("/tenants/{id:uuid}", permission=UPDATE, returns=TenantDocument, answer_type="tenants")
async def update_tenant(ctx: Context, id: UUID, body: TenantPatch) -> Answer:
    """Change some of what a tenant says about itself."""
    given = {
        name: value for name, value in msgspec.structs.asdict(body).items() if value is not msgspec.UNSET
    }
    return await _write(ctx, id, given)


async def _write(ctx: Context, id: UUID, values: dict[str, str]) -> Answer:
    unit = operator_unit(ctx)
    old = await unit.connection.fetchrow(f"SELECT {_COLUMNS} FROM psa.tenant WHERE id = $1 FOR UPDATE", id)
    if old is None:
        raise NotFound(f"There is no tenant {id}.")
    check_identity(old["slug"], values.get("timezone", "UTC"))
    changed = {name: value for name, value in values.items() if old[name] != value}
    if changed:
        assignments = ", ".join(f"{name} = ${place}" for place, name in enumerate(changed, 3))
        await unit.connection.execute(
            f"UPDATE psa.tenant SET {assignments}, updated_at = $2, version = version + 1 WHERE id = $1",
            id,
            unit.now,
            *changed.values(),
        )
        unit.after_commit(lambda: unit.kernel.directory.forget(id))
        await unit.audit(
            "tenant_changed", "tenants", id, changed={name: [old[name], changed[name]] for name in changed}
        )
        await lifecycle.tell_tenant(unit.kernel, unit, id, "tenant_changed", **changed)
    return await _answer(unit, id)


@delete(
    "/tenants/{id:uuid}",
    permission=DELETE,
    status=200,
    step_up=True,
    returns=TenantDocument,
    answer_type="tenants",
)
async def delete_tenant(ctx: Context, id: UUID) -> Answer:
    """Suspend a tenant and erase it after 30 days; activating takes it back. Wants a recent proof (AUTH-12)."""
    unit = operator_unit(ctx)
    await lifecycle.delete(unit, id)
    return await _answer(unit, id)


@post("/tenants/{id:uuid}/suspend", permission=UPDATE, returns=TenantDocument, answer_type="tenants")
async def suspend_tenant(ctx: Context, id: UUID, body: Suspension) -> Answer:
    """Suspend a tenant: its people are refused, its jobs pause, nothing is lost."""
    unit = operator_unit(ctx)
    await lifecycle.suspend(unit, id, reason=body.reason)
    return await _answer(unit, id)


@post("/tenants/{id:uuid}/activate", permission=UPDATE, returns=TenantDocument, answer_type="tenants")
async def activate_tenant(ctx: Context, id: UUID) -> Answer:
    """Let a tenant work again."""
    unit = operator_unit(ctx)
    await lifecycle.activate(unit, id)
    return await _answer(unit, id)


@get("/tenants/{id:uuid}/usage", permission=READ, returns=UsageDocument, answer_type="usage")
async def tenant_usage(ctx: Context, id: UUID, query: UsageQuery) -> AnswerList:
    """Show a tenant's usage by UTC day; the tenant's audit log says that the operator looked."""
    unit = operator_unit(ctx)
    await _answer(unit, id)
    await lifecycle.tell_tenant(unit.kernel, unit, id, "usage_viewed")
    days = await usage.read(unit.kernel, id, query.first, query.last)
    return AnswerList(
        items=[
            Answer(type="usage", id=f"{id}/{day}", attributes=UsageDocument(day=day, metrics=metrics))
            for day, metrics in days.items()
        ]
    )


@post(
    "/tenants/{id:uuid}/export",
    permission=EXPORT,
    step_up=True,
    media_type="application/zip",
    idempotent=False,
)
async def export_archive(ctx: Context, id: UUID, body: ExportOptions) -> Stream:
    """Download a tenant's data as a zip of JSON lines; secrets only under a passphrase. Wants a recent proof."""
    unit = operator_unit(ctx)
    found = await _answer(unit, id)
    await unit.audit("export", "tenants", id, secrets=bool(body.passphrase))
    stack = AsyncExitStack()
    path = await stack.enter_async_context(temporary_archive(unit.kernel, id, passphrase=body.passphrase))

    async def content() -> AsyncIterator[bytes]:
        async with stack:
            async for chunk in chunks(path):
                yield chunk

    name = f"{found.attributes.slug}-{unit.now:%Y-%m-%d}.zip"
    return Stream(
        content(),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


ALL = (
    *hosts.ALL,
    export_archive,
    list_tenants,
    create_tenant,
    get_tenant,
    replace_tenant,
    update_tenant,
    delete_tenant,
    suspend_tenant,
    activate_tenant,
    tenant_usage,
)
