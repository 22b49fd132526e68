"""Who has which gadget: the service behind `api.Lending`."""

from uuid import UUID

from psa_dummy.api import GADGETS, GadgetLent
from psa_sdk import Context, Database, Files, Records
from psa_sdk.errors import Conflict


class StoredLending:
    """Implements `psa_dummy.api.Lending` in one unit of work."""

    def __init__(self, ctx: Context) -> None:
        """Work in this unit of work."""
        self._ctx = ctx
        self._records: Records = ctx.records
        self._db: Database = ctx.db
        self._files: Files = ctx.files

    async def lend(self, gadget_id: UUID, company_id: UUID) -> None:
        """Give a gadget to a company; raises `Conflict` while another one has it."""
        await self._db.lock(GADGETS, gadget_id)
        gadget = await self._records.get(GADGETS, gadget_id, lock=True)
        if gadget["state"] != "here":
            raise Conflict(f"{gadget['name']} is {gadget['state']}; only what is here can be lent.")
        await self._records.get("companies", company_id)
        await self._records.update(GADGETS, gadget_id, {"state": "lent", "company": company_id})
        await self._ctx.emit(GadgetLent(gadget_id=gadget_id, company_id=company_id))

    async def take_back(self, gadget_id: UUID) -> None:
        """Note that a gadget came back; does nothing when it is here."""
        await self._records.update(GADGETS, gadget_id, {"state": "here", "company": None})
