"""Whatever comes over the wire is read as far as it goes, and nothing of it acts (MAIL-03, MAIL-07, MAIL-11)."""

import importlib.resources
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psa_mail.bodies import body_of
from psa_mail.charsets import decoded
from psa_mail.html_reading import CUT, as_markdown, plain_as_markdown
from psa_mail.mime_reading import MAX_PARTS, read
from psa_mail.reply_splitting import split_reply

from .post_office import mail

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


@pytest.mark.parametrize(
    ("content", "charset", "expected"),
    [
        ("Grüße".encode("latin-1"), "iso-8859-1", "Grüße"),
        (b"\x93quoted\x94 \x80", "iso-8859-1", "\u201cquoted\u201d €"),
        ("Grüße".encode(), "us-ascii", "Grüße"),
        ("日本語".encode("iso2022_jp"), "iso-2022-jp", "日本語"),
        ("日本語".encode("cp932"), "shift_jis", "日本語"),
        ("中文".encode("gb18030"), "gb2312", "中文"),
        ("Привет".encode("koi8-r"), "koi8-r", "Привет"),
        ("x".encode("utf-16"), "utf-16", "x"),
        (b"\xff\xfe\xfd", "no-such-charset", "ÿþý"),
        (b"a\x00b", "utf-8", "ab"),
    ],
)
def test_texts_are_read_as_they_were_meant(content, charset, expected):
    """MAIL-11"""
    assert decoded(content, charset) == expected


@given(st.binary(), st.text(max_size=30))
def test_any_bytes_are_text(content, charset):
    text = decoded(content, charset)
    assert "\x00" not in text
    text.encode()


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_mail(content):
    found = read(content)
    assert found.message_id
    body_of(found, strip_quotes=True)


def test_every_broken_message_of_the_standard_library_is_read():
    """MAIL-11: the messages that CPython tests its own parser with."""
    try:
        folder = importlib.resources.files("test.test_email.data")
    except ModuleNotFoundError:
        pytest.skip("This Python comes without its own tests.")
    raws = [one.read_bytes() for one in folder.iterdir() if one.name.endswith(".txt")]
    assert len(raws) > 40
    for raw in raws:
        assert read(raw).message_id
        assert read(raw.replace(b"\n", b"\r\n")).message_id


def test_names_and_subjects_in_every_dress():
    """MAIL-11: RFC 2047, RFC 2231, raw bytes."""
    raw = (
        b"From: =?utf-8?Q?M=C3=BCller=2C_J=C3=BCrgen?= <j@x.example>, extra@x.example\r\n"
        b"Subject: =?iso-8859-1?Q?Gr=FC=DFe?= =?utf-8?B?IGF1cw==?= K\xc3\xb6ln\r\n"
        b'To: "A, B" <ab@x.example>, undisclosed-recipients:;\r\n'
        b"Content-Type: application/pdf; name*0*=utf-8''%e2%82%ac%20; name*1*=rates.pdf\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n"
    )
    found = read(raw)
    assert (found.sender.name, found.sender.email) == ("Müller, Jürgen", "j@x.example")
    assert found.subject == "Grüße aus Köln"
    assert [one.email for one in found.to] == ["ab@x.example"]
    assert [(one.name, one.content) for one in found.files] == [("€ rates.pdf", b"%PDF-")]


def test_bombs_are_read_up_to_a_limit():
    """S23: depth 20, 1,000 parts."""
    wide = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 5000 + b"--x--"
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(200)
    )
    for raw in (wide, deep + b"\r\nhello"):
        found = read(raw)
        assert found.notices
        assert len(found.text) <= MAX_PARTS * 10


def test_forwards_invitations_and_signed_mail_stay_files():
    raw = b"From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee below\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: c@x.example\r\nSubject: Inner\r\n\r\ninner text\r\n--b\r\nContent-Type: text/calendar; method=REQUEST; name=invite.ics\r\n\r\nBEGIN:VCALENDAR\r\n--b\r\nContent-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\nMIIB\r\n--b--\r\n"  # fmt: skip
    found = read(raw)
    assert [one.name for one in found.files] == ["Inner.eml", "invite.ics", "smime.p7s"]
    assert found.text.strip() == "See below"


def test_what_outlook_packs_is_unpacked():
    """MAIL-11: winmail.dat."""

    def attribute(level, tag, value):
        return struct.pack("<BII", level, tag, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)

    packed = (
        struct.pack("<IH", 0x223E9F78, 1)
        + attribute(1, 0x0002800C, b"The body\x00")
        + attribute(2, 0x00069002, b"\x00" * 14)
        + attribute(2, 0x00018010, b"plan.txt\x00")
        + attribute(2, 0x0006800F, b"step one")
    )
    message = b"From: a@x.example\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\n" + packed
    found = read(message)
    assert [(one.name, one.content) for one in found.files] == [("plan.txt", b"step one")]
    assert found.text.strip() == "The body"


@given(st.text().map(lambda text: decoded(text.encode("utf-8", "replace"))))
def test_plain_text_stays_what_it_is(text):
    assert CUT not in split_reply(text).reply
    plain_as_markdown(text)


@given(st.text(alphabet="<>ab/\"'= &;cidimgsrc:blockquotedivp\n", max_size=200))
def test_any_html_is_text(html):
    from psa_comments.api import render

    shown = render(as_markdown(html))
    assert "<script" not in shown
    assert "javascript:" not in shown.lower() or 'href="javascript' not in shown.lower()


@pytest.mark.parametrize(
    "heading",
    [
        "On Mon, Jun 1, 2026 at 9:00 AM Desk <desk@example.com> wrote:",
        "On Mon, Jun 1, 2026 at 9:00 AM Service Desk of the Example Company\n<desk@example.com> wrote:",
        "Am 01.06.2026 um 09:00 schrieb Desk <desk@example.com>:",
        "Am Mo., 1. April 2026 um 09:00 Uhr schrieb Desk\n<desk@example.com>:",
        "Le lun. 1 avril 2026 à 09:00, Desk <desk@example.com> a écrit :",
        "El lun, 1 jun 2026 a las 9:00, Desk (<desk@example.com>) escribió:",
        "Op ma 1 jun. 2026 om 09:00 schreef Desk <desk@example.com>:",
        "-----Original Message-----\nFrom: Desk\nSent: Monday\nTo: Ada\nSubject: x",
        "-----Ursprüngliche Nachricht-----",
        "________________________________\nVon: Desk <desk@example.com>\nGesendet: Montag, 1. April 2026\nAn: Ada\nBetreff: x",
        "From: Desk <desk@example.com>\nSent: Monday, June 1, 2026 9:00 AM\nTo: Ada\nSubject: x",
        "De : Desk\nEnvoyé : lundi 1 avril 2026\nÀ : Ada\nObjet : x",
        "De: Desk\nEnviado: lunes\nPara: Ada\nAsunto: x",
        "Van: Desk\nVerzonden: maandag\nAan: Ada\nOnderwerp: x",
        "##- reply above this line -##",
    ],
)
def test_the_headings_of_quotations_are_known_in_five_languages(heading):
    """MAIL-07"""
    text = f"It works again.\n\nThanks!\n\n{heading}\n> We restarted it.\n> Please try."
    assert split_reply(text).reply == "It works again.\n\nThanks!"


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("Yes\n\n-- \nAda\nHead of Things", "Yes"),
        ("Yes\n\nSent from my iPhone", "Yes"),
        ("Ja\n\nVon meinem iPhone gesendet", "Ja"),
        ("Oui\n\nEnvoyé de mon iPhone", "Oui"),
        ("On Monday she wrote: hello", "On Monday she wrote: hello"),
        ("> Is it on?\nYes\n> Is it hot?\nNo", "> Is it on?\nYes\n> Is it hot?\nNo"),
        ("On Mon, Jun 1, 2026 at 9:00 AM Desk <d@example.com> wrote:\n> Is it on?\n\nYes it is", "Yes it is"),
        ("> only a quotation", "> only a quotation"),
        ("From: the roof\nTo: the cellar it is wet", "From: the roof\nTo: the cellar it is wet"),
    ],
)
def test_what_a_person_wrote_is_kept(text, reply):
    """MAIL-07: answers between the lines, below the quotation; where nothing remains everything does."""
    assert split_reply(text).reply == reply


@pytest.mark.parametrize(
    "html",
    [
        '<div>It works</div><div class="gmail_quote">On x, y wrote:<blockquote>old</blockquote></div>',
        '<p>It works</p><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> x</div><p>old</p>',
        '<p>It works</p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><b>Von:</b> x</div><p>old</p>',
        '<p>It works</p><blockquote type="cite">old</blockquote>',
        '<p>It works</p><div class="yahoo_quoted">old</div>',
    ],
)
def test_quotations_in_html_are_known_by_what_mail_programs_write(html):
    assert split_reply(as_markdown(html)).reply == "It works"


async def test_pictures_stand_in_their_place_and_logos_collapse(office):
    """MAIL-11: the fourth mail with the same logo leaves it out; scripts and remote pictures never get in."""
    html = (
        '<p onclick="x()">See <b>this</b>:</p><img src="cid:shot"><script>alert(1)</script>'
        '<img src="https://track.example/p.gif" alt="pixel"><a href="javascript:x()">click</a>'
        '<p>Ada</p><img src="cid:logo">'
    )
    got = await office.receive(*(pictured(office.address, html, n) for n in range(4)))
    tickets = [await office.ticket(one["ticket"]) for one in got]
    shown = [one["description"].count("![") for one in tickets]
    assert shown == [2, 2, 2, 1]
    first = tickets[0]["description_html"]
    assert 'src="/api/v1/attachments/' in first
    assert not [word for word in ("script", "onclick", "javascript", "track.example/p.gif") if word in first]
    listed = (await office.admin.get(f"/tickets/{tickets[0]['id']}/attachments")).json()["data"]
    assert sorted(one["attributes"]["file_name"] for one in listed) == ["logo.png", "shot.png"]
    content = await office.admin.get(f"/attachments/{listed[0]['id']}/content", headers={"Accept": "*/*"})
    assert content.status_code == 200


async def test_parts_that_are_too_large_are_left_out_and_said_so(office):
    """MAIL-11"""
    await office.settings(max_part_mib=1)
    raw = pictured(office.address, "<p>Big</p>", 0, big=b"x" * (1024 * 1024 + 1))
    [got] = await office.receive(raw)
    ticket = await office.ticket(got["ticket"])
    assert "big.bin (1 MiB) was left out" in ticket["description"]
    assert (got["state"], got["size"]) == ("processed", len(raw))


async def test_a_mail_that_can_not_be_worked_on_stays_visible_and_is_tried_again(office):
    """MAIL-03: the queue it should go to has no default status; put right, a retry makes it a ticket."""
    [new] = await office.listed_statuses()
    answer = await office.admin.patch(f"/ticket-statuses/{new}", {"is_default": False})
    async with office.kit.unit() as ctx:
        await ctx.db.execute("UPDATE ticketing.status SET is_default = false WHERE id = $1", new)
    [failed] = await office.receive(mail(to=office.address, id="x@x.example"), failing=True)
    assert (failed["state"], failed["attempts"]) == ("failed", 1), answer.text
    assert "default" in failed["error"]
    async with office.kit.unit() as ctx:
        await ctx.db.execute("UPDATE ticketing.status SET is_default = true WHERE id = $1", new)
    again = await office.admin.post(f"/incoming-emails/{failed['id']}/retry")
    assert again.json()["data"]["attributes"]["outcome"] == "ticket"
    source = await office.admin.get(f"/incoming-emails/{failed['id']}/source", headers={"Accept": "*/*"})
    assert source.content == mail(to=office.address, id="x@x.example")


def pictured(to: str, html: str, number: int, *, big: bytes = b"") -> bytes:
    """Return a mail with two pictures in its HTML."""
    from email import message_from_bytes, policy

    message = message_from_bytes(
        mail(to=to, id=f"pic{number}@x.example", text="See", html=html), policy=policy.default
    )
    body = list(message.iter_parts())[-1]
    body.add_related(PNG + bytes([number]), "image", "png", cid="<shot>", filename="shot.png")
    body.add_related(PNG, "image", "png", cid="<logo>", filename="logo.png")
    if big:
        message.add_attachment(big, "application", "octet-stream", filename="big.bin")
    return message.as_bytes(policy=policy.SMTP)
