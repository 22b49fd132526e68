"""A mail finds its ticket (MAIL-01, MAIL-02)."""

from .post_office import mail


async def test_a_new_mail_opens_a_ticket_and_is_acknowledged(office, outbox):
    company = await office.company("client.example")
    [got] = await office.receive(mail(to=office.address, id="one@client.example"))
    assert (got["state"], got["outcome"], got["error"]) == ("processed", "ticket", "")
    ticket = await office.ticket(got["ticket"])
    assert (ticket["title"], ticket["company"], ticket["source"]) == (
        "Printer is on fire",
        str(company),
        "email",
    )
    assert len(outbox.envelopes) == 1
