"""The shell: two identity planes, the organisation's look, what neighbours bring."""

from typing import ClassVar
from uuid import UUID

import pytest
from litestar import Response

from psa_kernel.testing.plugins import module
from psa_portal.api import ClientArticles, ClientAssets, ClientInvoices
from psa_sdk import Answer, Context, Manifest, provide
from psa_sdk.errors import NotFound
from psa_sdk.testing import Client

from .desk import Desk, read, send


async def test_a_staff_session_opens_no_page_of_the_portal_and_a_clients_none_of_the_console(desk):
    house = await desk.house()
    staff = await desk.kit.admin()
    endpoints = desk.kit.installation.endpoints
    pages = [one for one in endpoints if one.method == "GET" and "{" not in one.path and not one.public]
    for page in (one for one in pages if one.path.startswith("/portal")):
        answer = await staff.get(f"http://localhost{page.path}", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/portal/login"), (
            page.path
        )
    for page in (one for one in pages if one.path.startswith("/ui")):
        answer = await house.admin.get(f"http://localhost{page.path}", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/ui/login"), (
            page.path
        )


async def test_every_page_carries_the_organisations_name_and_how_to_get_help(desk):
    house = await desk.house()
    admin = await desk.kit.admin()
    values = {"name": "Helpful <IT>", "support_email": "help@example.com", "host": "help.example.com"}
    answer = await admin.patch("/settings/portal", {"values": values}, type="settings")
    assert answer.status_code == 200, answer.text
    try:
        for path in ("/", "/tickets", "/profile"):
            text = (await read(house.user, path)).text
            assert "Helpful &lt;IT&gt;" in text
            assert "mailto:help@example.com" in text
            assert "<IT>" not in text
    finally:
        cleared = dict.fromkeys(values)
        await admin.patch("/settings/portal", {"values": cleared}, type="settings")


async def test_a_setting_that_is_no_address_is_refused(desk):
    admin = await desk.kit.admin()
    for values in ({"support_email": "nobody"}, {"host": "a b"}, {"host": 'x"><script>'}):
        answer = await admin.patch("/settings/portal", {"values": values}, type="settings")
        assert answer.status_code == 422, values


async def test_a_colour_is_a_number_and_nothing_else(desk):
    stranger = desk.kit.anonymous()
    sheet = await read(stranger, "/theme.css?hue=153")
    assert sheet.headers["content-type"].startswith("text/css")
    assert sheet.text == ":root{--brand-h:153}"
    assert (await read(stranger, "/theme.css?hue=1}body{display:none")).status_code == 400
    assert (await read(stranger, "/theme.css?hue=360")).status_code == 400


async def test_forgotten_passwords_are_answered_alike(desk):
    stranger = desk.kit.anonymous()
    answers = [
        await send(stranger, "/forgot", email=email, organisation=desk.kit.slug)
        for email in ("nobody@example.com", "")
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].text == answers[1].text


async def test_modules_that_are_missing_say_so(desk):
    house = await desk.house()
    for path in ("/portal/assets", "/portal/kb/articles", f"/portal/kb/articles/{house.company}"):
        answer = await house.user.get(path)
        if answer.status_code == 404:
            assert answer.json()["errors"][0]["code"] == "module_disabled"
    assert (await house.user.get("/portal/invoices")).status_code == 403, "invoices are for administrators"


class Paper:
    """Invoices, assets and articles as a neighbour would have them."""

    known: ClassVar = UUID("00000000-0000-7000-8000-00000000beef")

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx

    async def all(self) -> list[Answer]:
        return [
            Answer(
                type="papers",
                id=str(self.known),
                attributes={"company": str(self.ctx.principal.who.company_id)},
            )
        ]

    async def one(self, id: UUID) -> Answer:
        if id != self.known:
            raise NotFound("There is no such paper.")
        return (await self.all())[0]

    async def pdf(self, id: UUID) -> Response[bytes]:
        return Response(b"%PDF-", media_type="application/pdf")

    async def pay(self, id: UUID, provider: str | None = None) -> Answer:
        return await self.one(id)

    async def search(self, text: str) -> list[Answer]:
        return await self.all() if text == "vpn" else []


@pytest.fixture
async def neighbourhood(new_kit) -> tuple[Desk, Client]:
    protocols = (ClientInvoices, ClientAssets, ClientArticles)
    plugin = module(
        Manifest(
            name="papers",
            title="Papers",
            requires=("portal",),
            services=tuple(provide(protocol, Paper) for protocol in protocols),
        )
    )
    desk = Desk(
        await new_kit("multi", plugins=("web", "contacts", "portal"), modules=(plugin,), shared=False)
    )
    return desk, (await desk.house()).admin


async def test_neighbours_answer_the_routes_of_invoices_assets_and_articles(neighbourhood):
    """PRD 3.15.2, and the portal without a service desk."""
    desk, client = neighbourhood
    known = Paper.known
    for path in (
        "/portal/invoices",
        f"/portal/invoices/{known}",
        "/portal/assets",
        "/portal/kb/articles",
        f"/portal/kb/articles/{known}",
    ):
        answer = await client.get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert str(known) in answer.text
    assert (await client.get(f"/portal/invoices/{known}/pdf", headers={"Accept": "*/*"})).content == b"%PDF-"
    assert (await client.post(f"/portal/invoices/{known}/pay", {}, type="papers")).status_code == 200
    assert len((await client.get("/portal/kb/search", params={"q": "vpn"})).json()["data"]) == 1
    assert (await client.get(f"/portal/invoices/{desk.kit.tenant_id}")).status_code == 404
    assert (await read(client, "/")).status_code == 200
