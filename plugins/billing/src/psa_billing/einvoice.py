"""The electronic invoice: UN/CEFACT Cross Industry Invoice D16B in the profile EN 16931 (Factur-X 1.0). Pure."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from psa_billing.engine.money import ZERO, total
from psa_billing.paper import decoded

RSM = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
UDT = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"
PROFILE = "urn:cen.eu:en16931:2017"
UNITS = {"": "C62", "piece": "H87", "hour": "HUR", "day": "DAY", "month": "MON"}
"""Units of measure by UN/ECE recommendation 20."""
TYPES = {"invoice": "380", "credit_memo": "381"}
Columns = Mapping[str, Any]

for _prefix, _uri in (("rsm", RSM), ("ram", RAM), ("udt", UDT)):
    register_namespace(_prefix, _uri)


def xml_of(invoice: Columns, lines: Sequence[Columns], *, credits: str = "") -> bytes:
    """Write a finalised invoice or credit memo; `credits` is the number of the invoice that it corrects."""
    root = Element(f"{{{RSM}}}CrossIndustryInvoice")
    context = SubElement(root, f"{{{RSM}}}ExchangedDocumentContext")
    _text(_ram(context, "GuidelineSpecifiedDocumentContextParameter"), "ID", PROFILE)
    document = SubElement(root, f"{{{RSM}}}ExchangedDocument")
    _text(document, "ID", invoice["invoice_number"])
    _text(document, "TypeCode", TYPES[invoice["kind"]])
    _date(_ram(document, "IssueDateTime"), invoice["invoice_date"])
    for note in (invoice["notes"], invoice["terms_text"]):
        if note:
            _text(_ram(document, "IncludedNote"), "Content", note)
    trade = SubElement(root, f"{{{RSM}}}SupplyChainTradeTransaction")
    for place, line in enumerate(lines, start=1):
        _line(trade, place, line)
    agreement = _ram(trade, "ApplicableHeaderTradeAgreement")
    _party(agreement, "SellerTradeParty", decoded(invoice["seller"]))
    _party(agreement, "BuyerTradeParty", decoded(invoice["buyer"]))
    if invoice["po_number"]:
        _text(_ram(agreement, "BuyerOrderReferencedDocument"), "IssuerAssignedID", invoice["po_number"])
    delivery = _ram(trade, "ApplicableHeaderTradeDelivery")
    event = _ram(delivery, "ActualDeliverySupplyChainEvent")
    _date(_ram(event, "OccurrenceDateTime"), _delivered(invoice, lines))
    _settlement(trade, invoice, lines, credits)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="utf-8")


def _ram(parent: Element, name: str) -> Element:
    return SubElement(parent, f"{{{RAM}}}{name}")


def _text(parent: Element, name: str, value: str, **attributes: str) -> None:
    element = SubElement(parent, f"{{{RAM}}}{name}", attributes)
    element.text = "".join(char for char in value if char in "\n\t" or char >= " ")


def _amount(parent: Element, name: str, value: Decimal, **attributes: str) -> None:
    _text(parent, name, f"{value:f}", **attributes)


def _date(parent: Element, date: datetime.date) -> None:
    element = SubElement(parent, f"{{{UDT}}}DateTimeString", {"format": "102"})
    element.text = f"{date:%Y%m%d}"


def _delivered(invoice: Columns, lines: Sequence[Columns]) -> datetime.date:
    dates = [line["period_end"] or line["date"] for line in lines if line["period_end"] or line["date"]]
    return max(dates, default=invoice["invoice_date"])


def _party(parent: Element, name: str, party: Mapping[str, Any]) -> None:
    element, address = _ram(parent, name), party.get("address", {})
    _text(element, "Name", party.get("name") or "-")
    if party.get("contact") or party.get("phone") or (name == "SellerTradeParty" and party.get("email")):
        contact = _ram(element, "DefinedTradeContact")
        _text(contact, "PersonName", party.get("contact") or party.get("name") or "-")
        if party.get("phone"):
            _text(_ram(contact, "TelephoneUniversalCommunication"), "CompleteNumber", party["phone"])
        if party.get("email"):
            _text(_ram(contact, "EmailURIUniversalCommunication"), "URIID", party["email"])
    place = _ram(element, "PostalTradeAddress")
    parts = (
        ("PostcodeCode", "postal_code"),
        ("LineOne", "street"),
        ("LineTwo", "street2"),
        ("CityName", "city"),
    )
    for tag, key in parts:
        if address.get(key):
            _text(place, tag, address[key])
    _text(place, "CountryID", address.get("country") or "ZZ")
    if address.get("region"):
        _text(place, "CountrySubDivisionName", address["region"])
    if party.get("email"):
        channel = _ram(element, "URIUniversalCommunication")
        _text(channel, "URIID", party["email"], schemeID="EM")
    if party.get("tax_id"):
        scheme = "VA" if party["tax_id"][:2].isalpha() else "FC"
        _text(_ram(element, "SpecifiedTaxRegistration"), "ID", party["tax_id"], schemeID=scheme)


def _line(trade: Element, place: int, line: Columns) -> None:
    """A line; its price is that of its total, so that quantity times price holds whatever was rounded."""
    item = _ram(trade, "IncludedSupplyChainTradeLineItem")
    _text(_ram(item, "AssociatedDocumentLineDocument"), "LineID", str(place))
    product = _ram(item, "SpecifiedTradeProduct")
    first, *rest = line["description"].split("\n")
    _text(product, "Name", first or "-")
    if rest:
        _text(product, "Description", "\n".join(rest))
    quantity, amount = line["quantity"] or Decimal(1), line["total"]
    agreement = _ram(_ram(item, "SpecifiedLineTradeAgreement"), "NetPriceProductTradePrice")
    _amount(agreement, "ChargeAmount", abs(amount / quantity).quantize(Decimal("0.000001")))
    signed = abs(quantity) if amount >= 0 else -abs(quantity)
    _amount(_ram(item, "SpecifiedLineTradeDelivery"), "BilledQuantity", signed, unitCode=UNITS[line["unit"]])
    settlement = _ram(item, "SpecifiedLineTradeSettlement")
    tax = _ram(settlement, "ApplicableTradeTax")
    code, percent = category_of(decoded(line["taxes"]))
    _text(tax, "TypeCode", "VAT")
    _text(tax, "CategoryCode", code)
    if code != "O":
        _amount(tax, "RateApplicablePercent", percent)
    if line["period_start"] is not None:
        period = _ram(settlement, "BillingSpecifiedPeriod")
        _date(_ram(period, "StartDateTime"), line["period_start"])
        _date(_ram(period, "EndDateTime"), line["period_end"])
    _amount(_ram(settlement, "SpecifiedTradeSettlementLineMonetarySummation"), "LineTotalAmount", amount)


def category_of(taxes: Sequence[Mapping[str, str]]) -> tuple[str, Decimal]:
    """Return the category and rate of a line's taxes; several rates count as one, none as outside of tax."""
    if not taxes:
        return "O", ZERO
    return taxes[0].get("code", "S"), total(Decimal(tax["rate"]) for tax in taxes)


def _breakdown(lines: Sequence[Columns]) -> dict[tuple[str, Decimal], tuple[Decimal, Decimal]]:
    """Net amounts and tax by category and rate."""
    found: dict[tuple[str, Decimal], tuple[Decimal, Decimal]] = {}
    for line in lines:
        key = category_of(decoded(line["taxes"]))
        net, tax = found.get(key, (ZERO, ZERO))
        found[key] = (net + line["total"] - line["discount_amount"], tax + line["tax_amount"])
    return found


def _discounts(lines: Sequence[Columns]) -> dict[tuple[str, Decimal], Decimal]:
    found: dict[tuple[str, Decimal], Decimal] = {}
    for line in lines:
        if line["discount_amount"]:
            key = category_of(decoded(line["taxes"]))
            found[key] = found.get(key, ZERO) + line["discount_amount"]
    return found


def _settlement(trade: Element, invoice: Columns, lines: Sequence[Columns], credits: str) -> None:
    settlement = _ram(trade, "ApplicableHeaderTradeSettlement")
    seller = decoded(invoice["seller"])
    _text(settlement, "PaymentReference", invoice["invoice_number"])
    _text(settlement, "InvoiceCurrencyCode", invoice["currency"])
    if seller.get("bank_account"):
        means = _ram(settlement, "SpecifiedTradeSettlementPaymentMeans")
        _text(means, "TypeCode", "30")
        account = seller["bank_account"].replace(" ", "")
        kind = "IBANID" if account[:2].isalpha() else "ProprietaryID"
        _text(_ram(means, "PayeePartyCreditorFinancialAccount"), kind, account)
    notes = {tax["code"]: tax["note"] for tax in decoded(invoice["taxes"]) if tax.get("note")}
    for (code, percent), (net, amount) in _breakdown(lines).items():
        tax = _ram(settlement, "ApplicableTradeTax")
        _amount(tax, "CalculatedAmount", amount)
        _text(tax, "TypeCode", "VAT")
        if code in {"E", "AE", "O"}:
            reasons = {"E": "Exempt from tax", "AE": "Reverse charge", "O": "Not subject to tax"}
            _text(tax, "ExemptionReason", notes.get(code) or reasons[code])
        _amount(tax, "BasisAmount", net)
        _text(tax, "CategoryCode", code)
        if code != "O":
            _amount(tax, "RateApplicablePercent", percent)
    for (code, percent), discount in _discounts(lines).items():
        _allowance(settlement, discount, code, percent)
    if invoice["kind"] == "invoice":
        _date(_ram(_ram(settlement, "SpecifiedTradePaymentTerms"), "DueDateDateTime"), invoice["due_date"])
    _sums(settlement, invoice)
    if credits:
        reference = _ram(settlement, "InvoiceReferencedDocument")
        _text(reference, "IssuerAssignedID", credits)


def _allowance(settlement: Element, discount: Decimal, code: str, percent: Decimal) -> None:
    allowance = _ram(settlement, "SpecifiedTradeAllowanceCharge")
    indicator = SubElement(_ram(allowance, "ChargeIndicator"), f"{{{UDT}}}Indicator")
    indicator.text = "true" if discount < 0 else "false"
    _amount(allowance, "ActualAmount", abs(discount))
    _text(allowance, "Reason", "Discount")
    tax = _ram(allowance, "CategoryTradeTax")
    _text(tax, "TypeCode", "VAT")
    _text(tax, "CategoryCode", code)
    if code != "O":
        _amount(tax, "RateApplicablePercent", percent)


def _sums(settlement: Element, invoice: Columns) -> None:
    sums = _ram(settlement, "SpecifiedTradeSettlementHeaderMonetarySummation")
    currency = invoice["currency"]
    _amount(sums, "LineTotalAmount", invoice["subtotal"])
    if invoice["discount_amount"]:
        _amount(sums, "AllowanceTotalAmount", invoice["discount_amount"])
    _amount(sums, "TaxBasisTotalAmount", invoice["subtotal"] - invoice["discount_amount"])
    _amount(sums, "TaxTotalAmount", invoice["tax_amount"], currencyID=currency)
    _amount(sums, "GrandTotalAmount", invoice["total"])
    _amount(sums, "DuePayableAmount", invoice["total"])
