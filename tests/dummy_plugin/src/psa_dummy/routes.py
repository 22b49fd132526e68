"""Routes beyond resources: one of every kind."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request

from psa_dummy import questions
from psa_dummy.api import GADGETS, Lending
from psa_dummy.settings import DummySettings
from psa_dummy.shapes import LendGadget, Stock, StockQuery
from psa_sdk import (
    AUTHENTICATED,
    PUBLIC,
    Answer,
    AnswerList,
    Context,
    Record,
    Route,
    StoredFile,
    delete,
    get,
    patch,
    post,
    put,
)


@post("/dummy/gadgets/{id:uuid}/lend", permission="dummy.gadgets.lend", returns=GADGETS)
async def lend(ctx: Context, id: UUID, body: LendGadget) -> Record:
    """Lend a gadget to a company."""
    await ctx.service(Lending).lend(id, body.company)
    return Record(GADGETS, id)


@delete("/dummy/gadgets/{id:uuid}/loan", permission="dummy.gadgets.lend")
async def take_back(ctx: Context, id: UUID) -> None:
    """Take a gadget back."""
    await ctx.service(Lending).take_back(id)


@get("/dummy/stock", permission="dummy.dummy_gadgets.read", returns=Stock, answer_type="dummy-stock")
async def stock(ctx: Context, query: StockQuery) -> Answer:
    """Count the gadgets."""
    row = await ctx.db.fetch_one(
        "SELECT count(*) FILTER (WHERE state = 'here') AS here, count(*) FILTER (WHERE state = 'lent') AS lent"
        " FROM dummy.gadget WHERE $1::text IS NULL OR kind = $1",
        query.kind,
    )
    assert row is not None
    fees = [fee for fee in ctx.ask(questions.psa_dummy_fees, kind=query.kind or "laptop") if fee is not None]
    counted = Stock(here=row["here"], lent=row["lent"], fees=fees)
    return Answer(type="dummy-stock", id="all", attributes=counted)


class Page(msgspec.Struct):
    """How many rows a page has."""

    rows: int


@get("/dummy/mine", permission=AUTHENTICATED, audience="both", returns=Page, answer_type="dummy-pages")
async def mine(ctx: Context) -> AnswerList:
    """List what the caller is shown per page."""
    settings = await ctx.settings(DummySettings)
    return AnswerList(items=[Answer(type="dummy-pages", id="page", attributes=Page(settings.rows))])


@get("/dummy/hello", permission=PUBLIC)
async def hello(request: Request[Any, Any, Any]) -> Answer:
    """Say hello to whoever asks."""
    return Answer(type="dummy-greetings", id="hello", attributes={"to": request.headers.get("x-name", "you")})


@put("/dummy/gadgets/{id:uuid}/seen", permission="dummy.dummy_gadgets.update", returns=GADGETS)
async def see(ctx: Context, id: UUID) -> Record:
    """Note that a gadget was seen."""
    await ctx.records.update(GADGETS, id, {"seen_at": ctx.now})
    return Record(GADGETS, id)


@patch("/dummy/gadgets/{id:uuid}/code", permission="dummy.gadgets.reveal")
async def reveal_code(ctx: Context, id: UUID) -> Answer:
    """Show a gadget's unlock code; audited."""
    code = await ctx.reveal(GADGETS, id, "unlock_code")
    return Answer(type="dummy-codes", id=str(id), attributes={"code": code})


@post("/dummy/gadgets/{id:uuid}/manual", permission="dummy.dummy_gadgets.update", status=201)
async def print_manual(ctx: Context, id: UUID) -> Answer:
    """Make a gadget's manual and attach it."""
    gadget = await ctx.records.get(GADGETS, id)
    text = f"How to use {gadget['name']}\n".encode()
    stored: StoredFile = await ctx.files.save(text, name="manual.txt", subject=(GADGETS, id))
    return Answer(type="dummy-manuals", id=str(stored.id), attributes={"size": stored.size}, status=201)


ALL: tuple[Route, ...] = (lend, take_back, stock, mine, hello, see, reveal_code, print_manual)
