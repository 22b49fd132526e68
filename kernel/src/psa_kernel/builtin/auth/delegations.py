"""The `Delegations` service: tokens of programs that act for somebody, on behalf of the plugins that hand them out."""

import datetime
from collections.abc import Collection, Sequence
from typing import cast
from uuid import UUID

from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.role_rules import check_grants
from psa_kernel.builtin.auth.tokens import DELEGATED, digest, new_token
from psa_kernel.unit_of_work import Unit
from psa_sdk.context import Context
from psa_sdk.errors import NotFound
from psa_sdk.identity import Delegated
from psa_sdk.tables import new_id


class StoredDelegations:
    """Implements `psa_sdk.identity.Delegations` in a unit of work."""

    def __init__(self, ctx: Context) -> None:
        """Work in this unit of work."""
        self._unit = cast(Unit, ctx)

    async def issue(
        self,
        account_id: UUID,
        *,
        family: UUID,
        holder: str,
        scopes: Sequence[str],
        expires_at: datetime.datetime,
    ) -> str:
        """Return a new token of an active account."""
        check_grants(scopes, "/data/attributes/scopes")
        token = new_token(DELEGATED)
        made = await self._unit.db.execute(
            "INSERT INTO psa.delegated_token (id, created_at, account, family, holder, token_hash, scopes, expires_at)"
            " SELECT $1, $2, a.id, $4, $5, $6, $7, $8 FROM psa.account a WHERE a.id = $3 AND a.status = 'active'",
            new_id(),
            self._unit.now,
            account_id,
            family,
            holder,
            digest(token),
            list(scopes),
            expires_at,
        )
        if made != "INSERT 0 1":
            raise NotFound(f"There is no active account {account_id}.")
        return token

    async def find(self, token: str) -> Delegated | None:
        """Return what a token stands for while it is good."""
        row = await self._unit.db.fetch_one(
            "SELECT t.account, t.family, t.scopes, t.created_at, t.expires_at FROM psa.delegated_token t"
            " JOIN psa.account a ON a.tenant_id = t.tenant_id AND a.id = t.account AND a.status = 'active'"
            " WHERE t.token_hash = $1 AND t.expires_at > $2",
            digest(token),
            self._unit.now,
        )
        if row is None:
            return None
        return Delegated(
            account_id=row["account"],
            family=row["family"],
            scopes=tuple(row["scopes"]),
            issued_at=row["created_at"],
            expires_at=row["expires_at"],
        )

    async def end(self, families: Collection[UUID]) -> int:
        """End all tokens of families; returns how many there were."""
        tag = await self._unit.db.execute(
            "DELETE FROM psa.delegated_token WHERE family = ANY ($1::uuid[])", list(families)
        )
        forget_after_commit(self._unit)
        return int(tag.split()[-1])
