"""Hosts of tenants: claimed by the operator, served once DNS proves them (TEN-13)."""

import base64
import secrets
from typing import Any
from uuid import UUID

import asyncpg
import dns.exception
import dns.resolver
from dns.asyncresolver import Resolver

from psa_kernel.builtin.tenancy.documents import HostDocument, NewHost
from psa_kernel.builtin.tenancy.operators import READ, UPDATE, operator_unit
from psa_kernel.unit_of_work import Unit
from psa_sdk import Answer, AnswerList, Context, delete, get, post
from psa_sdk.errors import Conflict, NotFound, Unavailable
from psa_sdk.tables import new_id

_SELECT = "SELECT host, token, verified_at FROM psa.tenant_host WHERE tenant = $1"


def _answer(row: Any, status: int = 200) -> Answer:
    document = HostDocument(
        host=row["host"],
        verified_at=row["verified_at"],
        txt_name=f"_psa.{row['host']}",
        txt_value=row["token"],
    )
    return Answer(type="tenant-hosts", id=row["host"], attributes=document, status=status)


async def claim(unit: Unit, tenant_id: UUID, host: str) -> None:
    """Claim a host for a tenant; raises `Conflict` when any tenant has it, `NotFound` for an unknown tenant."""
    token = "psa-" + base64.b32encode(secrets.token_bytes(20)).decode().lower()
    try:
        async with unit.savepoint():
            await unit.db.execute(
                "INSERT INTO psa.tenant_host (id, tenant, host, token) VALUES ($1, $2, $3, $4)",
                new_id(),
                tenant_id,
                host,
                token,
            )
    except asyncpg.UniqueViolationError as error:
        raise Conflict(
            f"{host} is claimed already.", code="host_taken", pointer="/data/attributes/host"
        ) from error
    except asyncpg.ForeignKeyViolationError as error:
        raise NotFound(f"There is no tenant {tenant_id}.") from error
    await unit.audit("host_claimed", "tenants", tenant_id, host=host)


async def verify(unit: Unit, tenant_id: UUID, host: str, resolver: Resolver | None = None) -> None:
    """Serve a host from now on if DNS holds its token; raises `Conflict` naming the missing record."""
    row = await _find(unit, tenant_id, host)
    if row["verified_at"] is not None:
        return
    name = f"_psa.{host}"
    if row["token"] not in await _texts(name, resolver or Resolver()):
        raise Conflict(
            f"DNS has no TXT record {name} with {row['token']}; add it and try again.", code="host_unproven"
        )
    await unit.db.execute(
        "UPDATE psa.tenant_host SET verified_at = $3, updated_at = $3, version = version + 1"
        " WHERE tenant = $1 AND host = $2",
        tenant_id,
        host,
        unit.now,
    )
    await _changed(unit, tenant_id, "host_verified", host)


async def release(unit: Unit, tenant_id: UUID, host: str) -> None:
    """Stop serving a host; another tenant may claim it then."""
    await _find(unit, tenant_id, host)
    await unit.db.execute("DELETE FROM psa.tenant_host WHERE tenant = $1 AND host = $2", tenant_id, host)
    await _changed(unit, tenant_id, "host_released", host)


async def _find(unit: Unit, tenant_id: UUID, host: str) -> Any:
    row = await unit.db.fetch_one(f"{_SELECT} AND host = $2", tenant_id, host)
    if row is None:
        raise NotFound(f"The tenant has not claimed {host}.")
    return row


async def _texts(name: str, resolver: Resolver) -> set[str]:
    try:
        answer = await resolver.resolve(name, "TXT")  # five seconds, unless it says otherwise
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return set()
    except dns.exception.DNSException as error:
        raise Unavailable(f"DNS doesn't answer for {name}; try again shortly.") from error
    return {b"".join(record.strings).decode("utf-8", "replace") for record in answer}


async def _changed(unit: Unit, tenant_id: UUID, action: str, host: str) -> None:
    await unit.audit(action, "tenants", tenant_id, host=host)
    directory = unit.kernel.directory
    unit.after_commit(lambda: directory.forget(tenant_id))


@get("/tenants/{id:uuid}/hosts", permission=READ, returns=HostDocument, answer_type="tenant-hosts")
async def list_hosts(ctx: Context, id: UUID) -> AnswerList:
    """List a tenant's hosts and the DNS records that prove them."""
    rows = await operator_unit(ctx).db.fetch(f"{_SELECT} ORDER BY host", id)
    return AnswerList(items=[_answer(row) for row in rows])


@post(
    "/tenants/{id:uuid}/hosts",
    permission=UPDATE,
    status=201,
    returns=HostDocument,
    answer_type="tenant-hosts",
)
async def claim_host(ctx: Context, id: UUID, body: NewHost) -> Answer:
    """Claim a host; it is served once DNS holds the TXT record of the answer."""
    unit = operator_unit(ctx)
    await claim(unit, id, body.host)
    return _answer(await _find(unit, id, body.host), 201)


@post(
    "/tenants/{id:uuid}/hosts/{host:str}/verify",
    permission=UPDATE,
    returns=HostDocument,
    answer_type="tenant-hosts",
)
async def verify_host(ctx: Context, id: UUID, host: str) -> Answer:
    """Look the record up and serve the host from now on."""
    unit = operator_unit(ctx)
    await verify(unit, id, host)
    return _answer(await _find(unit, id, host))


@delete("/tenants/{id:uuid}/hosts/{host:str}", permission=UPDATE)
async def release_host(ctx: Context, id: UUID, host: str) -> None:
    """Stop serving a host."""
    await release(operator_unit(ctx), id, host)


ALL = (list_hosts, claim_host, verify_host, release_host)
