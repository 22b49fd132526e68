"""People for tests: accounts made on demand, with real sessions and keys, without passwords."""

import datetime
import hashlib
from uuid import UUID

from psa_kernel.builtin.auth.authenticate import identify
from psa_kernel.builtin.auth.key_rules import make_key
from psa_kernel.builtin.auth.sessions import Client, open_session
from psa_kernel.kernel import Kernel
from psa_kernel.principal import KernelPrincipal
from psa_sdk.tables import new_id
from psa_sdk.testing.installation import Person

_ADDRESS = "192.0.2.7"


class People:
    """The accounts and credentials of persons, made when first asked for."""

    def __init__(self, kernel: Kernel) -> None:
        """Make them in this kernel's tenants."""
        self._kernel = kernel
        self._accounts: dict[Person, UUID] = {}
        self._credentials: dict[Person, tuple[str, datetime.datetime]] = {}

    async def account(self, person: Person) -> UUID:
        """Return the id of a person's account."""
        if person not in self._accounts:
            self._accounts[person] = await self._make(person)
        return self._accounts[person]

    async def credential(self, person: Person) -> str:
        """Return a bearer credential that is good now."""
        token, ends = self._credentials.get(person, ("", None))
        if ends is None or ends <= self._kernel.clock.now() + datetime.timedelta(minutes=1):
            token, ends = self._credentials[person] = await self._prove(person)
        return token

    async def principal(self, person: Person) -> KernelPrincipal:
        """Return the principal that the person's credential stands for."""
        return await identify(self._kernel, await self.credential(person), _ADDRESS)

    async def _make(self, person: Person) -> UUID:
        account, name = new_id(), person.name or "Test Person"
        roles = list(person.roles)
        async with self._kernel.unit(person.tenant_id) as unit:
            if person.grants:
                key = "test_" + hashlib.sha256("\n".join(person.grants).encode()).hexdigest()[:16]
                key = f"{key}_{person.audience}"
                await unit.db.execute(
                    "INSERT INTO psa.role (id, key, title, audience, grants) VALUES ($1, $2, $2, $3, $4)"
                    " ON CONFLICT (tenant_id, key) DO NOTHING",
                    new_id(),
                    key,
                    person.audience,
                    list(person.grants),
                )
                roles.append(key)
            email = f"{account.hex}@example.com"
            await unit.db.execute(
                "INSERT INTO psa.account (id, audience, email, email_normalised, name, status, company, contact)"
                " VALUES ($1, $2, $3, $3, $4, 'active', $5, $6)",
                account,
                person.audience,
                email,
                name,
                person.company_id,
                person.contact_id,
            )
            found = await unit.db.fetch("SELECT id, key FROM psa.role WHERE key = ANY ($1::text[])", roles)
            unknown = set(roles) - {row["key"] for row in found}
            if unknown:
                raise LookupError(f"There is no role {', '.join(sorted(unknown))}.")
            for row in found:
                await unit.db.execute(
                    "INSERT INTO psa.role_assignment (id, account, role) VALUES ($1, $2, $3)",
                    new_id(),
                    account,
                    row["id"],
                )
        return account

    async def _prove(self, person: Person) -> tuple[str, datetime.datetime]:
        account = await self.account(person)
        async with self._kernel.unit(person.tenant_id) as unit:
            if person.key_scopes is not None:
                key = await make_key(unit, account, "Test key", person.key_scopes)
                return key.secret, key.expires_at
            issued = await open_session(unit, account, Client(_ADDRESS, "tests"))
            return issued.access_token, issued.expires_at
