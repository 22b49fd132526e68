"""For tests of payment gateways: a tenant that is paid through one, and a server to stand in for the gateway."""

import json
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import httpx
import msgspec

from psa_sdk.testing import Client, Kit


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request that a stand-in got; `path` has the query, header names are as they came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Told = tuple[int, Mapping[str, Any]] | None
"""Status and JSON; None hangs up without an answer."""


@contextmanager
def serving(answer: Callable[[Asked], Told]) -> Generator[str]:
    """Serve a stand-in on a port of its own, a thread for each request; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

        def reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(method=self.command, path=self.path, headers=dict(self.headers), body=body)
            told = answer(asked)
            if told is None:
                self.close_connection = True
                return
            content = json.dumps(told[1]).encode()
            self.send_response(told[0])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = reply  # noqa: N815 - the library's names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 1 / 50})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class PaidTenant:
    """A tenant with somebody for the money, and short ways to say what tests of gateways often say."""

    def __init__(self, kit: Kit, finance: Client, provider: str) -> None:
        """Use a tenant's kit."""
        self.kit, self.finance, self.provider = kit, finance, provider

    async def configure(self, **config: str) -> None:
        """Store credentials, and switch the gateway on."""
        body = {"provider": self.provider, "config": config}
        _expect(await self.finance.put("/payment-gateway/config", body), 200)

    async def company(self) -> UUID:
        """Make a company."""
        return (await self.kit.make("companies")).id

    async def invoice(self, company: UUID, price: str = "100.00", **values: Any) -> str:
        """Finalise an invoice that is due today; returns its id."""
        values = {"due_date": str(self.kit.now.date()), **values}
        draft = await self.finance.post("/invoices", values, {"company": company})
        made = str(_expect(draft, 201)["id"])
        line = {"description": "Work", "quantity": "1", "unit_price": price}
        _expect(await self.finance.post(f"/invoices/{made}/lines", line, type="invoice-lines"), 201)
        _expect(await self.finance.post(f"/invoices/{made}/finalise"), 200)
        return made

    async def invoice_of(self, invoice: str) -> dict[str, Any]:
        """Return an invoice's attributes."""
        return _expect(await self.finance.get(f"/invoices/{invoice}"), 200)["attributes"]

    async def state(self, invoice: str) -> tuple[str, str]:
        """Return an invoice's status and what is open of it."""
        found = await self.invoice_of(invoice)
        return found["status"], found["balance_due"]

    async def client(self, company: UUID) -> Client:
        """Let a person of a company into the portal, who may pay."""
        contact = (await self.kit.make("contacts", company=company)).id
        grants = ("portal.invoices.read", "portal.invoices.pay")
        found = await self.kit.portal(company, *grants, contact_id=contact, admin=True)
        await found.account_id()  # there before several requests at once
        return found

    async def pay(self, client: Client, invoice: str) -> httpx.Response:
        """Ask to pay in the portal."""
        return await client.post(f"/portal/invoices/{invoice}/pay?provider={self.provider}")

    async def page(self, client: Client, invoice: str) -> str:
        """Begin to pay in the portal; returns the last part of the address of the gateway's page."""
        found = _expect(await self.pay(client, invoice), 200)
        return found["attributes"]["redirect"].rsplit("/", 1)[-1]

    async def payments(self, company: UUID) -> list[dict[str, Any]]:
        """Return a company's payments."""
        found = await self.finance.get("/payments", params={"filter[company]": str(company)})
        return [{"id": one["id"], **one["attributes"]} for one in found.json()["data"]]

    async def deliver(self, path: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Bring an event to the gateway's route."""
        return await self.kit.anonymous().request("POST", path, content=body, headers=dict(headers))

    async def run(self, actor: Any, **arguments: Any) -> None:
        """Send background work and do all that is due."""
        async with self.kit.unit() as ctx:
            await ctx.send(actor, **arguments)
        await self.kit.drain()

    async def events(self, name: str) -> int:
        """Count the events of a name that the tenant told."""
        sql = "SELECT count(*) AS n FROM psa.outbox WHERE kind = 'event' AND name = $1 AND tenant_id = $2"
        [row] = await self.kit.installation.rows(sql, name, self.kit.tenant_id)
        return row["n"]

    def later(self, **by: int) -> None:
        """Let time pass, as `timedelta` takes it."""
        self.kit.advance(timedelta(**by))


def _expect(answer: httpx.Response, status: int) -> dict[str, Any]:
    if answer.status_code != status:
        raise AssertionError(f"{answer.request.url}: {answer.status_code} {answer.text}")
    return answer.json()["data"]
