"""The `Directory` service: the tenant's people, for other plugins."""

import copy
from collections.abc import Collection, Mapping, Sequence
from typing import cast
from uuid import UUID

import msgspec

from psa_kernel.builtin.auth import password_change
from psa_kernel.builtin.auth.accounts import COLUMNS, ERASED, account, acting, by_email, check_email
from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.guards import require_within
from psa_kernel.builtin.auth.roles import grants_of, role_grants
from psa_kernel.builtin.auth.sessions import end_sessions
from psa_kernel.jsonapi.records import UnitRecords
from psa_kernel.unit_of_work import Unit
from psa_sdk.access import Audience, Who
from psa_sdk.context import Context
from psa_sdk.errors import Conflict, Invalid, NotFound
from psa_sdk.identity import Account, AccountErased, PasswordToken, SessionsEnded, Team

COMPANY_CHANGED = "company_changed"


class TenantDirectory:
    """Implements `psa_sdk.identity.Directory` in a unit of work."""

    def __init__(self, ctx: Context) -> None:
        self._unit = cast(Unit, ctx)

    async def users(self, ids: Collection[UUID]) -> Mapping[UUID, Account]:
        """Return the accounts that exist, by id."""
        rows = await self._unit.db.fetch(
            f"SELECT {COLUMNS} FROM psa.account a WHERE a.id = ANY ($1::uuid[])", list(ids)
        )
        return {row["id"]: account(row) for row in rows}

    async def find(self, audience: Audience, email: str) -> Account | None:
        """Return the account of an audience with an address, whatever its status."""
        facts = await by_email(self._unit, audience, email)
        return facts.account if facts else None

    async def identities(self, id: UUID) -> Mapping[str, str]:
        """Return the subjects that an account is linked to, by provider."""
        rows = await self._unit.db.fetch(
            "SELECT provider, subject FROM psa.external_identity WHERE account = $1", id
        )
        return {row["provider"]: row["subject"] for row in rows}

    async def holders(self, permission: str, *, team_id: UUID | None = None) -> list[Account]:
        """Return the active staff who hold a permission in any scope, by name; of one team if given."""
        rows = await self._unit.db.fetch(
            f"SELECT {COLUMNS}, array_agg(r.key) AS keys,"
            " array(SELECT unnest(o.grants) FROM psa.role_assignment y JOIN psa.role o"
            " ON o.tenant_id = y.tenant_id AND o.id = y.role WHERE y.tenant_id = a.tenant_id AND y.account = a.id)"
            " AS grants FROM psa.account a"
            " JOIN psa.role_assignment x ON x.tenant_id = a.tenant_id AND x.account = a.id"
            " JOIN psa.role r ON r.tenant_id = x.tenant_id AND r.id = x.role"
            " WHERE a.status = 'active' AND a.audience = 'staff' AND ($1::uuid IS NULL OR EXISTS"
            " (SELECT FROM psa.team_member m WHERE m.tenant_id = a.tenant_id AND m.account = a.id AND m.team = $1))"
            " GROUP BY a.tenant_id, a.id ORDER BY a.name, a.id",
            team_id,
        )
        return [
            account(row)
            for row in rows
            if grants_of(self._unit.kernel, row["keys"], row["grants"]).allows(permission)
        ]

    async def roles(self, ids: Collection[UUID]) -> Mapping[UUID, tuple[str, ...]]:
        """Return the keys of the roles that accounts hold, by account."""
        rows = await self._unit.db.fetch(
            "SELECT x.account, array_agg(r.key ORDER BY r.key) AS keys FROM psa.role_assignment x"
            " JOIN psa.role r ON r.tenant_id = x.tenant_id AND r.id = x.role"
            " WHERE x.account = ANY ($1::uuid[]) GROUP BY x.account",
            list(ids),
        )
        return {row["account"]: tuple(row["keys"]) for row in rows}

    async def teams(self, ids: Collection[UUID]) -> Mapping[UUID, Team]:
        """Return the teams that exist, by id."""
        rows = await self._unit.db.fetch(
            "SELECT t.id, t.name, t.manager, array(SELECT m.account FROM psa.team_member m"
            " WHERE m.tenant_id = t.tenant_id AND m.team = t.id ORDER BY m.created_at, m.id) AS members"
            " FROM psa.team t WHERE t.id = ANY ($1::uuid[])",
            list(ids),
        )
        return {
            row["id"]: Team(
                id=row["id"], name=row["name"], manager_id=row["manager"], member_ids=tuple(row["members"])
            )
            for row in rows
        }

    async def open_portal_account(
        self,
        *,
        email: str,
        name: str,
        role: str,
        company_id: UUID,
        contact_id: UUID,
        account_id: UUID | None = None,
    ) -> Account:
        """Give a contact a portal account, or bring an earlier one up to date and to life, and invite them."""
        role_id = await self._portal_role(role)
        other = await self._unit.db.fetch_value(
            "SELECT id FROM psa.account WHERE audience = 'portal' AND email_normalised = $1"
            " AND id IS DISTINCT FROM $2",
            check_email(email).casefold(),
            account_id,
        )
        if other is not None:
            raise Conflict(
                f"Another portal account has the address {email}; use another address.", code="email_taken"
            )
        # The caller's permission was checked by the caller, what the role gives just above.
        system = self._unit.as_system()
        values = {"email": email, "name": name, "company": company_id, "contact": contact_id}
        if account_id is None:
            values |= {"audience": "portal", "status": "invited"}
            account_id = await system.records.create("users", values)
        else:
            await self._portal_account(account_id)
            await system.records.update("users", account_id, {**values, "status": "active"})
        others = await self._unit.db.fetch(
            "SELECT role FROM psa.role_assignment WHERE account = $1 AND role <> $2", account_id, role_id
        )
        await system.records.unlink("users", account_id, "roles", [row["role"] for row in others])
        await system.records.link("users", account_id, "roles", [role_id])
        opened = (await self.users([account_id]))[account_id]
        if opened.status == "invited":
            await self.request_password(account_id)
        return opened

    async def disable_account(self, id: UUID, *, erase: bool = False) -> None:
        """End an account's sessions, keys and log-ins at once; `erase` also removes name and address."""
        values: dict[str, object] = {"status": "disabled"}
        if erase:
            values |= {"name": "Erased", "email": f"{id}{ERASED}", "phone": "", "job_title": ""}
            await self._unit.db.execute("DELETE FROM psa.password WHERE account = $1", id)
        await self._unit.as_system().records.update("users", id, values)
        if erase:
            await self._unit.db.execute("DELETE FROM psa.session WHERE account = $1", id)
            await self._unit.redact(
                "users", [id], ("name", "email", "email_normalised", "phone", "job_title")
            )
            await self._unit.emit(AccountErased(account_id=id))

    async def move_portal_accounts(self, ids: Sequence[UUID], company_id: UUID) -> None:
        """Let portal accounts belong to another company; their sessions end, since they see others' records."""
        await UnitRecords(self._unit).refer("users", ids, "company", company_id)
        ended = await self._unit.db.fetch(
            "WITH ended AS (UPDATE psa.session SET revoked_at = $2, revoked_because = $3"
            " WHERE account = ANY ($1::uuid[]) AND revoked_at IS NULL AND expires_at > $2"
            " RETURNING account, coalesce(lineage, id) AS line)"
            " SELECT account, count(*) AS count, array_agg(line) AS lines FROM ended GROUP BY account",
            ids,
            self._unit.now,
            COMPANY_CHANGED,
        )
        for row in ended:
            await self._unit.audit(
                "sessions_ended", "users", row["account"], reason=COMPANY_CHANGED, count=row["count"]
            )
            await self._unit.emit(
                SessionsEnded(
                    account_id=row["account"],
                    session_ids=tuple(row["lines"]),
                    reason=COMPANY_CHANGED,
                    at=self._unit.now,
                    everywhere=True,
                )
            )
        forget_after_commit(self._unit)

    async def request_password(self, id: UUID) -> UUID:
        """Let an account set a password once (a reset, or an invitation while it has none); emits the event."""
        return await password_change.request_password(self._unit, id)

    async def password_token(self, request_id: UUID) -> PasswordToken:
        """Return the token of a request, always the same; raises `NotFound` when it is used or over."""
        return await password_change.mint_token(self._unit, request_id)

    async def end_sessions(self, id: UUID, *, reason: str) -> int:
        """End all sessions of an account and return how many there were."""
        ended = await end_sessions(self._unit, id, reason)
        await self._unit.audit("sessions_ended", "users", id, reason=reason, count=ended)
        forget_after_commit(self._unit)
        return ended

    async def _portal_role(self, key: str) -> UUID:
        row = await self._unit.db.fetch_one(
            "SELECT id FROM psa.role WHERE key = $1 AND audience = 'portal'", key
        )
        if row is None:
            raise Invalid(f"{key!r} is no portal role.", pointer="/data/attributes/role")
        role_id: UUID = row["id"]
        if self._unit.principal.audience == "portal":
            require_within(self._unit, await role_grants(self._unit, [role_id]), "The role")
        return role_id

    async def _portal_account(self, id: UUID) -> None:
        found = (await self.users([id])).get(id)
        if found is None or found.audience != "portal":
            raise NotFound(f"There is no portal account {id}.")

    async def as_account(self, id: UUID) -> Context:
        """Return this unit of work as a member of staff acts in it, with the rights they have now."""
        row = await self._unit.db.fetch_one(
            f"SELECT {COLUMNS}, array_agg(r.key) AS keys,"
            " array(SELECT unnest(o.grants) FROM psa.role_assignment y JOIN psa.role o"
            " ON o.tenant_id = y.tenant_id AND o.id = y.role WHERE y.tenant_id = a.tenant_id AND y.account = a.id)"
            " AS grants, array(SELECT m.team FROM psa.team_member m WHERE m.tenant_id = a.tenant_id"
            " AND m.account = a.id) AS teams FROM psa.account a"
            " JOIN psa.role_assignment x ON x.tenant_id = a.tenant_id AND x.account = a.id"
            " JOIN psa.role r ON r.tenant_id = x.tenant_id AND r.id = x.role"
            " WHERE a.status = 'active' AND a.audience = 'staff' AND a.id = $1 GROUP BY a.tenant_id, a.id",
            id,
        )
        if row is None:
            raise NotFound(f"There is no active member of staff {id}.")
        unit = copy.copy(self._unit)
        unit.principal = msgspec.structs.replace(
            acting(account(row)),
            who=Who(id=id, team_ids=tuple(row["teams"])),
            grants=grants_of(unit.kernel, row["keys"], row["grants"]),
            tenant_id=unit.tenant_id,
            role_keys=tuple(row["keys"]),
            timezone=row["timezone"],
            locale=row["locale"],
        )
        unit.on_behalf_of = None
        return unit
