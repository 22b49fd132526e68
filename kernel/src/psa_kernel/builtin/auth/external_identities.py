"""The `ExternalIdentities` service: which account belongs to somebody at an identity provider or in a directory."""

from collections.abc import Collection, Mapping
from typing import cast
from uuid import UUID

from psa_kernel.builtin.auth.accounts import COLUMNS, account, by_email
from psa_kernel.builtin.auth.alerts import alert
from psa_kernel.builtin.auth.guards import require_within
from psa_kernel.builtin.auth.local_passwords import is_named
from psa_kernel.builtin.auth.roles import account_grants, role_grants
from psa_kernel.unit_of_work import Unit
from psa_sdk.access import Audience
from psa_sdk.context import Context, Row
from psa_sdk.errors import Conflict, Forbidden, Invalid, NotFound
from psa_sdk.identity import Account
from psa_sdk.tables import new_id

_MANAGES = "auth.users.update"


class StoredIdentities:
    """Implements `psa_sdk.sign_in.ExternalIdentities` in a unit of work."""

    def __init__(self, ctx: Context) -> None:
        """Work in this unit of work."""
        self._unit = cast(Unit, ctx)

    async def find(self, provider: str, subject: str) -> Account | None:
        """Return the account that an identity is linked to, whatever its status."""
        row = await self._unit.db.fetch_one(
            f"SELECT {COLUMNS} FROM psa.account a JOIN psa.external_identity e"
            " ON e.tenant_id = a.tenant_id AND e.account = a.id WHERE e.provider = $1 AND e.subject = $2",
            provider,
            subject,
        )
        return account(row) if row else None

    async def subjects(self, provider: str) -> Mapping[str, UUID]:
        """Return all linked accounts of a provider by subject."""
        rows = await self._unit.db.fetch(
            "SELECT subject, account FROM psa.external_identity WHERE provider = $1", provider
        )
        return {row["subject"]: row["account"] for row in rows}

    async def adopt(self, provider: str, subject: str, *, audience: Audience, email: str) -> Account | None:
        """Link the account that has a verified address; None when there is none."""
        facts = await by_email(self._unit, audience, email)
        if facts is None:
            return None
        # Whoever manages accounts can become anybody, whatever their role is called.
        if (await account_grants(self._unit, facts.id)).allows(_MANAGES) or await self.reserved(email):
            raise Forbidden(
                "An administrator's account isn't linked by its address; link it in the profile, logged in.",
                code="admin_not_adopted",
            )
        await self.link(provider, subject, facts.id, tell=True)
        return facts.account

    async def of(self, account_id: UUID) -> list[Row]:
        """Return an account's identities, oldest first."""
        return await self._unit.db.fetch(
            "SELECT id, provider, subject, created_at FROM psa.external_identity WHERE account = $1"
            " ORDER BY created_at, id",
            account_id,
        )

    async def reserved(self, email: str) -> bool:
        """Tell whether an address is named to break the glass."""
        return await is_named(self._unit, email)

    async def link(self, provider: str, subject: str, account_id: UUID, *, tell: bool = False) -> None:
        """Link an identity to an account."""
        made = await self._unit.db.fetch_value(
            "INSERT INTO psa.external_identity (id, created_at, account, provider, subject)"
            " SELECT $1, $2, a.id, $4, $5 FROM psa.account a WHERE a.id = $3 ON CONFLICT DO NOTHING RETURNING id",
            new_id(),
            self._unit.now,
            account_id,
            provider,
            subject,
        )
        if made is not None:
            await self._unit.audit("identity_linked", "users", account_id, provider=provider, subject=subject)
            if tell:
                await alert(self._unit, account_id, "identity_linked")
            return
        known = await self._unit.db.fetch_value(
            "SELECT account FROM psa.external_identity WHERE provider = $1 AND subject = $2",
            provider,
            subject,
        )
        if known == account_id:
            return
        if known is None and not await self._exists(account_id):
            raise NotFound(f"There is no account {account_id}.")
        raise Conflict(
            "The account or the identity is linked otherwise already; remove that link first.",
            code="identity_linked",
        )

    async def unlink(
        self, provider: str, *, subject: str = "", account_id: UUID | None = None, tell: bool = False
    ) -> int:
        """Remove the links of a provider, of one subject or account if given; returns how many."""
        rows = await self._unit.db.fetch(
            "DELETE FROM psa.external_identity WHERE provider = $1 AND ($2 = '' OR subject = $2)"
            " AND ($3::uuid IS NULL OR account = $3) RETURNING account, subject",
            provider,
            subject,
            account_id,
        )
        for row in rows:
            await self._unit.audit(
                "identity_unlinked", "users", row["account"], provider=provider, subject=row["subject"]
            )
            if tell:
                await alert(self._unit, row["account"], "identity_unlinked")
        return len(rows)

    async def provision(
        self,
        provider: str,
        subject: str,
        *,
        audience: Audience,
        email: str,
        name: str,
        roles: Collection[str] = (),
        company_id: UUID | None = None,
        contact_id: UUID | None = None,
    ) -> Account:
        """Make a linked account without a password, active at its first log-in."""
        if await by_email(self._unit, audience, email) is not None:
            raise Conflict(f"There is an account with the address {email} already.", code="email_taken")
        values: dict[str, object] = {"name": name, "email": email, "audience": audience}
        if audience == "portal":
            values |= {"company": company_id, "contact": contact_id}
        system = self._unit.as_system()
        account_id = await system.records.create("users", values)
        await self.link(provider, subject, account_id)
        if roles:
            wanted = await self._roles(roles)
            await system.records.link("users", account_id, "roles", list(wanted.values()))
        found = await self.find(provider, subject)
        assert found is not None
        return found

    async def set_roles(self, account_id: UUID, roles: Collection[str], *, managed: Collection[str]) -> bool:
        """Make an account's roles among the managed ones exactly these; tells whether any changed."""
        known = await self._roles({*roles, *managed})
        rows = await self._unit.db.fetch(
            "SELECT role FROM psa.role_assignment WHERE account = $1 AND role = ANY ($2::uuid[])",
            account_id,
            list(known.values()),
        )
        held = {row["role"] for row in rows}
        wanted = {known[key] for key in roles}
        gained, lost = sorted(wanted - held), sorted(held - wanted)
        records = self._unit.as_system().records
        if gained:
            await records.link("users", account_id, "roles", gained)
        if lost:
            await records.unlink("users", account_id, "roles", lost)
        return bool(gained or lost)

    async def require_grantable(self, roles: Collection[str]) -> None:
        """Raise `Forbidden` unless the principal holds all that these roles give."""
        known = await self._roles(roles)
        require_within(self._unit, await role_grants(self._unit, known.values()), "The role")

    async def _roles(self, keys: Collection[str]) -> dict[str, UUID]:
        rows = await self._unit.db.fetch(
            "SELECT id, key FROM psa.role WHERE key = ANY ($1::text[])", list(keys)
        )
        known = {row["key"]: row["id"] for row in rows}
        unknown = sorted(set(keys) - set(known))
        if unknown:
            raise Invalid(f"There is no role {', '.join(unknown)}.", code="role_unknown")
        return known

    async def _exists(self, account_id: UUID) -> bool:
        return await self._unit.db.fetch_value(
            "SELECT EXISTS (SELECT FROM psa.account WHERE id = $1)", account_id
        )
