"""Invoices on paper and as data: the same bytes, the client's language, valid by the schema, kept with the invoice."""

import io
from base64 import b64decode
from decimal import Decimal as Number
from importlib.resources import files

import pypdf
import pytest
from facturx import xml_check_xsd
from lxml import etree

from psa_billing.documents import composed
from psa_billing.engine.money import total
from psa_billing.formats import Formats
from psa_billing.sending import filled
from psa_billing.settings import BillingSettings
from psa_billing.wording import ENGLISH, GERMAN
from psa_sdk.tables import new_id

from .counting_house import codes

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
NAMES = {"ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"}


async def pdf_of(house, invoice: dict, client=None) -> bytes:
    answer = await (client or house.finance).get(f"/invoices/{invoice['id']}/pdf", headers={"Accept": "*/*"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/pdf"
    return answer.content


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).replace(
        "\xa0", " "
    )


async def full_invoice(house, **values) -> dict:
    """An invoice with everything: taxes, a discount, a period, a note."""
    await house.settings(
        charges_tax=True,
        seller_name="Example Managed Services GmbH",
        seller_address={
            "street": "Musterweg 1",
            "city": "Musterstadt",
            "postal_code": "00000",
            "country": "DE",
        },
        seller_tax_id="DE000000000",
        seller_email="billing@example.com",
        bank_account="DE00 0000 0000 0000 0000 00",
        terms_text="Thank you.",
    )
    for name, rate in (("VAT", "19"), ("Eco", "2.5")):
        made = await house.admin.post("/tax-rates", {"name": name, "rate": rate, "jurisdiction": "DOC"})
        assert made.status_code == 201
    company = await house.company(
        tax_jurisdiction="DOC", billing_currency="EUR", name="Kunde & Söhne <GmbH>", **values
    )
    draft = await house.draft(company, discount_percent="10", po_number="PO-9", notes="Grüße")
    await house.line(draft["id"], "2.5", "1234.5678", description="Beratung\nvor Ort", unit="hour")
    await house.line(
        draft["id"], "1", "99", description="Wartung", period_start="2026-05-01", period_end="2026-05-31"
    )
    return await house.act(draft, "finalise")


async def test_the_same_invoice_is_the_same_bytes_and_valid(house):
    """BILL-06: byte-identical after the company has another name; the XML inside obeys the schema and adds up."""
    invoice = await full_invoice(house, billing_language="de-DE")
    first = await pdf_of(house, invoice)
    await house.admin.patch(f"/companies/{invoice['company']}", {"name": "Renamed"})
    await house.settings(seller_name="Somebody else", terms_text="")
    assert await pdf_of(house, invoice) == first
    async with house.kit.unit() as ctx:
        assert await composed(ctx, await ctx.records.get("invoices", invoice["id"])) == first
    reader = pypdf.PdfReader(io.BytesIO(first))
    text = text_of(first)
    for part in (
        "Rechnung",
        invoice["invoice_number"],
        "Kunde & Söhne <GmbH>",
        "3.086,42",
        "2,5 Std.",
        "Grüße",
    ):
        assert part in text, text
    assert "pdfaid:part" in reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    xml = reader.attachments["factur-x.xml"][0]
    assert xml_check_xsd(xml, flavor="factur-x", level="en16931")
    root = etree.fromstring(xml)
    [due] = root.findall(".//ram:DuePayableAmount", NAMES)
    assert due.text == invoice["total"]
    bases = [Number(one.text) for one in root.findall(".//ram:ApplicableTradeTax/ram:BasisAmount", NAMES)]
    lines = [Number(one.text) for one in root.findall(".//ram:LineTotalAmount", NAMES)]
    assert total(bases) == Number(invoice["subtotal"]) - Number(invoice["discount_amount"])
    assert total(lines[:-1]) == lines[-1] == Number(invoice["subtotal"])
    await house.settings(charges_tax=False)


async def test_the_organisations_look_is_noted_down(house):
    """BILL-06: logo and colour as they were at finalising; a logo that is deleted leaves its place empty."""
    async with house.kit.unit() as ctx:
        logo = await ctx.files.save(b64decode(PIXEL), name="logo.png")
    await house.admin.patch("/settings/tenancy", {"values": {"logo": str(logo.id), "primary_hue": 20}})
    await house.settings(template="modern")
    invoice = await house.finalised(await house.company())
    assert invoice["seller"]["hue"] == 20
    await house.admin.patch("/settings/tenancy", {"values": {"logo": None, "primary_hue": 268}})
    other = await house.finalised(await house.company())
    await house.settings(template="classic")
    first = await pdf_of(house, invoice)
    pictures = [
        len(pypdf.PdfReader(io.BytesIO(await pdf_of(house, one))).pages[0].images) for one in (invoice, other)
    ]
    assert pictures == [1, 0]
    async with house.kit.unit() as ctx:
        row = await ctx.records.get("invoices", invoice["id"])
        assert await composed(ctx, row) == first
        gone = {**row, "seller": {**invoice["seller"], "logo": str(new_id())}}
        assert not pypdf.PdfReader(io.BytesIO(await composed(ctx, gone))).pages[0].images


def test_letters_have_the_tenants_own_words():
    facts = {"number": "INV-1", "total": "€ 5", "contact": "{number}"}
    assert filled("Dear {contact}, {number} over {total}", facts) == "Dear {number}, INV-1 over € 5"
    assert BillingSettings(invoice_mail_text="{seller} writes: {link}")
    with pytest.raises(ValueError, match="Letters know no {password}"):
        BillingSettings(reminder_mail_text="{number} {password}")


async def test_every_document_obeys_the_schema(house):
    """Credit memos, reverse charge, no tax at all, yen."""
    reverse = await house.company(tax_status="reverse_charge", billing_currency="JPY")
    await house.settings(charges_tax=True)
    charged = await house.finalised(reverse, ("3", "100"))
    await house.settings(charges_tax=False)
    plain = await house.finalised(await house.company(), ("3", "33.33"))
    memo = await house.act(plain, "credit", reason="Unhappy")
    for invoice in (charged, plain, memo):
        xml = pypdf.PdfReader(io.BytesIO(await pdf_of(house, invoice))).attachments["factur-x.xml"][0]
        assert xml_check_xsd(xml, flavor="factur-x", level="en16931"), xml
    assert plain["invoice_number"] in text_of(await pdf_of(house, memo))


async def test_drafts_and_void_invoices_say_so(house):
    company = await house.company()
    draft = await house.draft(company, ("1", "10"))
    assert "DRAFT" in text_of(await pdf_of(house, draft))
    await house.settings(template="modern")
    invoice = await house.act(draft, "finalise")
    await house.settings(template="classic")
    await house.kit.drain()
    assert "DRAFT" not in text_of(await pdf_of(house, invoice))
    await house.act(invoice, "void", reason="Mistake")
    await house.kit.drain()
    assert "VOID" in text_of(await pdf_of(house, invoice))
    kept = (await house.finance.get(f"/invoices/{invoice['id']}/attachments")).json()["data"]
    assert kept[0]["attributes"]["mime_type"] == "application/pdf"


async def test_a_link_shows_one_invoice_for_a_while(house):
    """The public link: signed, for this invoice only, over after its days."""
    invoice = await house.finalised(await house.company())
    draft = await house.draft(await house.company(), ("1", "10"))
    assert codes(await house.finance.get(f"/invoices/{draft['id']}/link")) == ["not_finalised"]
    told = (await house.finance.get(f"/invoices/{invoice['id']}/link")).json()["data"]["attributes"]
    token = told["path"].rsplit("/", 1)[1]
    stranger = house.kit.anonymous()
    good = await stranger.get(f"/public/invoices/{token}", headers={"Accept": "*/*"})
    assert good.content == await pdf_of(house, invoice)
    for bad in (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        "x",
        draft["id"].replace("-", "") + token[32:],
    ):
        assert (await stranger.get(f"/public/invoices/{bad}")).status_code == 404
    house.later(days=told["days"] + 1)
    assert (await stranger.get(f"/public/invoices/{token}")).status_code == 404


async def test_clients_see_what_was_finalised_for_them(house):
    """PRT-04: client admins see their finalised invoices and PDFs; no drafts, nothing void, nothing of others."""
    company, other = await house.company(), await house.company()
    mine, theirs = await house.finalised(company), await house.finalised(other)
    draft, gone = await house.draft(company, ("1", "1")), await house.finalised(company)
    await house.act(gone, "void", reason="Mistake")
    client = await house.kit.portal(company, admin=True)
    listed = (await client.get("/invoices")).json()["data"]
    assert [one["id"] for one in listed] == [mine["id"]]
    assert "internal_notes" not in listed[0]["attributes"]
    assert text_of(await pdf_of(house, mine, client))
    assert len((await client.get(f"/invoices/{mine['id']}/lines")).json()["data"]) == 1
    for hidden in (theirs, draft, gone):
        assert (await client.get(f"/invoices/{hidden['id']}")).status_code == 404
        assert (await client.get(f"/invoices/{hidden['id']}/pdf")).status_code == 404
    assert (await client.get(f"/companies/{company}/statement")).json()["meta"]["balance"] == "100.00"
    assert (await client.get(f"/companies/{other}/statement")).status_code == 404
    user = await house.kit.portal(company)
    assert (await user.get(f"/invoices/{mine['id']}")).status_code in {403, 404}


def test_both_languages_say_everything():
    assert GERMAN.keys() == ENGLISH.keys()
    assert Formats("de-DE").amount(Number("1234.5"), "EUR").replace("\xa0", " ") == "1.234,50 €"
    assert Formats("xx-nonsense").amount(Number(5), "JPY") == "¥5"
    assert files("psa_billing").joinpath("typst/invoice.typ").is_file()
