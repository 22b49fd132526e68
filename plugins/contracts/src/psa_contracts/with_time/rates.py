"""What a contract says about work: rate card, premiums, rounding (TIME-03, TIME-20, CON-08, CON-20)."""

import datetime
from collections.abc import Mapping
from decimal import ROUND_UP, Decimal, localcontext
from decimal import Context as Precision
from typing import Any
from uuid import UUID

from psa_contracts.api import AgreementBook, Place, TicketPlace, TicketPlaces
from psa_sdk import Context
from psa_time.api import Rounding, Terms, WorkFacts

TERMS = "SELECT * FROM contracts.contract WHERE id = $1"
LINE = """
SELECT i.hourly_rate, i.after_hours_rate, i.emergency_rate FROM contracts.rate_card_item i
WHERE i.version_of_card = (SELECT v.id FROM contracts.rate_card_version v
        WHERE v.tenant_id = psa.current_tenant() AND v.rate_card = $1 AND v.starts_on <= $3
        ORDER BY v.starts_on DESC LIMIT 1)
    AND (i.work_type IS NULL OR i.work_type = $2)
ORDER BY i.work_type NULLS LAST LIMIT 1"""


class ContractRates:
    """Implements `psa_time.api.RateSource`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def terms(self, work: WorkFacts) -> Terms | None:
        """Return the terms at the moment of work, None where no contract covers it."""
        system = self._ctx.as_system()
        found = await system.service(AgreementBook).covering(await self._place(work))
        if found is None:
            return None
        contract = await system.db.fetch_one(TERMS, found.id)
        assert contract is not None
        rounding, usual = _rounding(contract), contract["after_hours_multiplier"]
        line = await self._line(contract["rate_card"], work.work_type_id, work.date)
        if line is None:
            return Terms(contract_id=found.id, after_hours_multiplier=usual, rounding=rounding)
        rate = line["hourly_rate"]
        return Terms(
            contract_id=found.id,
            hourly_rate=rate,
            after_hours_multiplier=_multiple(rate, line["after_hours_rate"]) or usual,
            premium_multiplier=_multiple(rate, line["emergency_rate"]),
            rounding=rounding,
        )

    async def _place(self, work: WorkFacts) -> Place:
        at = TicketPlace()
        if work.ticket_id is not None and self._ctx.provides(TicketPlaces):
            at = await self._ctx.service(TicketPlaces).place_of(work.ticket_id)
        return Place(
            company_id=work.company_id,
            date=work.date,
            work_type_id=work.work_type_id,
            contract_id=at.contract_id,
            site_id=at.site_id,
        )

    async def _line(
        self, card: UUID | None, work_type: UUID, date: datetime.date
    ) -> Mapping[str, Any] | None:
        return None if card is None else await self._ctx.as_system().db.fetch_one(LINE, card, work_type, date)


def _multiple(rate: Decimal, other: Decimal | None) -> Decimal | None:
    """Return one rate as a multiple of another, rounded up: a half cent stays a half cent when multiplied back."""
    if not rate or other is None:
        return None
    with localcontext(Precision(prec=24, rounding=ROUND_UP)):
        return max(other / rate, Decimal(1))


def _rounding(contract: Mapping[str, Any]) -> Rounding | None:
    if contract["rounding_increment"] is None:
        return None
    return Rounding(
        increment_minutes=contract["rounding_increment"],
        method=contract["rounding_method"],
        minimum_minutes=contract["rounding_minimum"],
        scope=contract["rounding_scope"],
    )
