"""Which contract covers work: candidates from the database, the choice by `selection` (CON-08)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_contacts.api import ContactBook
from psa_contracts.api import ContractFacts
from psa_contracts.selection import Candidate, Place, chosen
from psa_sdk import Context

FACTS = "SELECT * FROM contracts.contract WHERE id = ANY($1::uuid[])"
CANDIDATES = """
SELECT c.*, coalesce((SELECT array_agg(a.asset) FROM contracts.covered_asset a
        WHERE a.tenant_id = c.tenant_id AND a.contract = c.id AND a.asset = $3), '{}') AS assets,
    coalesce((SELECT array_agg(x.work_type) FROM contracts.excluded_work x
        WHERE x.tenant_id = c.tenant_id AND x.contract = c.id), '{}') AS excluded
FROM contracts.contract c
WHERE c.status <> 'draft' AND (c.company = ANY($1::uuid[]) OR c.id = $2 OR c.id IN
    (SELECT a.contract FROM contracts.covered_asset a WHERE a.tenant_id = c.tenant_id AND a.asset = $3))
    AND c.start_date <= $4 AND (c.end_date IS NULL OR c.end_date >= $4 OR c.auto_renew AND c.status = 'active')"""
MOST_LEVELS = 10


class StoredAgreementBook:
    """Implements `psa_contracts.api.AgreementBook`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def contracts(self, ids: Collection[UUID]) -> Mapping[UUID, ContractFacts]:
        """Return the contracts that exist."""
        return {row["id"]: facts(row) for row in await self._ctx.db.fetch(FACTS, list(ids))}

    async def covering(self, place: Place) -> ContractFacts | None:
        """Return the contract that covers work; companies above are asked for only where the own one has none."""
        rows = await self._candidates([place.company_id], place)
        found = chosen([_candidate(row, place) for row in rows], place)
        if found is None:
            above = await self._ancestors(place.company_id)
            if above:
                wider = Place(
                    company_id=place.company_id,
                    date=place.date,
                    work_type_id=place.work_type_id,
                    ancestor_ids=above,
                )
                rows = await self._candidates(above, wider)
                found = chosen([_candidate(row, wider) for row in rows], wider)
        return None if found is None else next(facts(row) for row in rows if row["id"] == found.id)

    async def _candidates(self, companies: Sequence[UUID], place: Place) -> Sequence[Mapping[str, Any]]:
        return await self._ctx.as_system().db.fetch(
            CANDIDATES, list(companies), place.contract_id, place.asset_id, place.date
        )

    async def _ancestors(self, company_id: UUID) -> list[UUID]:
        book = self._ctx.as_system().service(ContactBook)
        above: list[UUID] = []
        at = company_id
        while len(above) < MOST_LEVELS:
            known = (await book.companies([at])).get(at)
            if known is None or known.parent_id is None or known.parent_id in above:
                return above
            at = known.parent_id
            above.append(at)
        return above


def facts(row: Mapping[str, Any]) -> ContractFacts:
    """Return what others need to know of a row."""
    return ContractFacts(
        id=row["id"],
        number=f"C{row['number']:05}",
        name=row["name"],
        company_id=row["company"],
        contract_type=row["contract_type"],
        status=row["status"],
        start_date=row["start_date"],
        end_date=row["end_date"],
        labour=row["labour"],
    )


def _candidate(row: Mapping[str, Any], place: Place) -> Candidate:
    """What renews by itself goes on after its present term."""
    open_end = row["auto_renew"] and row["status"] == "active" and row["notice_given_on"] is None
    return Candidate(
        id=row["id"],
        number=row["number"],
        company_id=row["company"],
        starts_on=row["start_date"],
        ends_on=None if open_end else row["end_date"],
        site_id=row["site"],
        asset_ids=frozenset(row["assets"]),
        excluded_work_types=frozenset(row["excluded"]),
        is_default=row["is_default"],
        covers_children=row["covers_children"],
    )
