"""Conversations: who sees, edits, deletes and hears of what (CMT-01)."""

import pytest

from psa_sdk.tables import new_id


def codes(answer) -> list[str]:
    return [error["code"] for error in answer.json()["errors"]]


async def test_internal_notes_are_absent_for_clients(talk):
    """TIC-64, CMT-01: in lists, totals, includes, search, filters, by id and in replies."""
    public = await talk.say(talk.staff, "Visible words", "public")
    internal = await talk.say(talk.staff, "Xylophone secret", "internal")
    reply = await talk.say(talk.staff, "Xylophone again", "internal", parent=internal)
    assert set(await talk.seen(talk.staff)) == {str(public), str(internal), str(reply)}
    assert await talk.seen(talk.client) == [str(public)]
    for path in ("/comments", f"/tickets/{talk.ticket}/notes", f"/tickets/{talk.ticket}/relationships/notes"):
        answer = await talk.client.get(path, params={"page[total]": "true"})
        assert answer.json()["meta"]["page"]["total"] == 1
        assert "Xylophone" not in answer.text
    shown = await talk.client.get(f"/tickets/{talk.ticket}", params={"include": "notes"})
    assert "Xylophone" not in shown.text
    assert str(internal) not in shown.text
    assert await talk.seen(talk.client, "/comments", **{"filter[q]": "xylophone"}) == []
    assert await talk.seen(talk.client, "/comments", **{"filter[note_type]": "internal"}) == []
    for hidden in (internal, reply):
        assert (await talk.client.get(f"/comments/{hidden}")).status_code == 404
        assert (await talk.client.get(f"/comments/{hidden}/attachments")).status_code == 404
        assert (await talk.client.get(f"/comments/{hidden}/activity")).status_code in {401, 403, 404}
        assert (await talk.client.delete(f"/comments/{hidden}")).status_code == 404
    answered = await talk.post(talk.client, "To the secret", parent=internal)
    assert answered.status_code == 404


async def test_files_of_internal_notes_are_absent_for_clients(talk):
    """TIC-64, CMT-01: attachments inherit."""
    for note_type, status in (("public", 200), ("internal", 404)):
        note = await talk.say(talk.staff, "See the file", note_type)
        content = (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--x--\r\n'
        )
        answer = await talk.staff.request(
            "POST",
            f"/comments/{note}/attachments",
            content=content,
            headers={"Content-Type": "multipart/form-data; boundary=x"},
        )
        assert answer.status_code == 201, answer.text
        file = answer.json()["data"]["id"]
        assert answer.json()["data"]["attributes"]["subject_id"] == str(note)
        assert (await talk.client.get(f"/attachments/{file}")).status_code == status
        got = await talk.client.get(f"/attachments/{file}/content", headers={"Accept": "*/*"})
        assert got.status_code == status


async def test_a_clients_note_is_public_and_says_whose_it_is(talk):
    """CMT-01"""
    note = await talk.say(talk.client, "It **still** happens")
    shown = await talk.attributes(note)
    assert (shown["note_type"], shown["author_kind"], shown["author_name"]) == (
        "public",
        "portal",
        "Cleo Client",
    )
    assert shown["content_html"] == "<p>It <strong>still</strong> happens</p>"
    refused = await talk.post(talk.client, "Psst", "internal")
    assert refused.status_code in {403, 422}


async def test_an_edit_keeps_the_former_version(talk):
    """CMT-01"""
    note = await talk.say(talk.staff, "First", "public")
    answer = await talk.staff.patch(f"/comments/{note}", {"content": "*Second*"})
    assert answer.status_code == 200, answer.text
    shown = await talk.attributes(note)
    assert (shown["content_html"], shown["edit_count"]) == ("<p><em>Second</em></p>", 1)
    assert shown["edited_at"] is not None
    revisions = (await talk.staff.get(f"/comments/{note}/revisions")).json()["data"]
    assert [one["attributes"]["content"] for one in revisions] == ["First"]
    assert (await talk.client.get(f"/comments/{note}/revisions")).status_code in {403, 404}
    unchanged = await talk.staff.patch(f"/comments/{note}", {"content": "*Second*"})
    assert unchanged.status_code == 200
    assert (await talk.attributes(note))["edit_count"] == 1


async def test_only_the_author_or_a_moderator_edits_and_deletes(talk):
    """CMT-01"""
    theirs = await talk.say(talk.client, "Mine")
    ours = await talk.say(talk.staff, "Ours", "public")
    assert (await talk.staff.patch(f"/comments/{theirs}", {"content": "No"})).status_code == 403
    assert (await talk.client.patch(f"/comments/{ours}", {"content": "No"})).status_code == 403
    assert (await talk.client.delete(f"/comments/{ours}")).status_code == 403
    assert (await talk.client.patch(f"/comments/{theirs}", {"content": "Mine, better"})).status_code == 200
    manager = await talk.kit.staff(roles=("manager",))
    assert (await manager.patch(f"/comments/{theirs}", {"content": "Moderated"})).status_code == 200


async def test_publishing_an_internal_note_is_a_right_of_its_own(talk):
    """CMT-01: the flag can't be widened by an edit without the permission."""
    grants = (
        "comments.comments.read",
        "comments.comments.create",
        "comments.comments.update",
        "ticketing.tickets.*",
    )
    junior = await talk.kit.staff(*grants, name="Junior")
    note = await talk.say(junior, "Draft", "internal")
    refused = await junior.patch(f"/comments/{note}", {"note_type": "public"})
    assert refused.status_code == 403
    assert await talk.seen(talk.client) == []
    own = await talk.say(talk.staff, "Ready", "internal")
    assert (await talk.staff.patch(f"/comments/{own}", {"note_type": "public"})).status_code == 200
    assert await talk.seen(talk.client) == [str(own)]


async def test_a_deleted_comment_leaves_a_tombstone(talk):
    """CMT-01"""
    note = await talk.say(talk.staff, "Oops", "public")
    await talk.staff.patch(f"/comments/{note}", {"content": "Oops 2"})
    reply = await talk.say(talk.client, "What?", parent=note)
    assert (await talk.staff.delete(f"/comments/{note}")).status_code == 204
    shown = await talk.attributes(note)
    assert (shown["content"], shown["content_html"]) == ("", "")
    assert shown["deleted_at"] is not None
    assert (await talk.admin.get(f"/comments/{note}/revisions")).json()["data"] == []
    assert await talk.seen(talk.client) == [str(reply)]
    assert codes(await talk.staff.patch(f"/comments/{note}", {"content": "Back"})) == ["deleted"]
    assert codes(await talk.staff.delete(f"/comments/{note}")) == ["deleted"]


async def test_threads_stay_with_their_record_and_their_visibility(talk):
    """CMT-01"""
    internal = await talk.say(talk.staff, "Internal", "internal")
    wider = await talk.post(talk.staff, "Public reply", "public", parent=internal)
    assert (wider.status_code, codes(wider)) == (409, ["internal_thread"])
    elsewhere = (await talk.kit.make("tickets")).id
    stray = await talk.staff.post(
        f"/tickets/{elsewhere}/notes", {"content": "Stray"}, {"parent": internal}, type="comments"
    )
    assert (stray.status_code, codes(stray)) == (409, ["other_subject"])


async def test_mentions_tell_only_staff_who_may_read(talk):
    """CMT-01"""
    theo = await talk.staff.account_id()
    blind = await (await talk.kit.staff("ticketing.tickets.read", name="Blind")).account_id()
    client = await talk.client.account_id()
    text = f"Hey @[Theo](user:{theo}) @[Theo](user:{theo}) @[B](user:{blind}) @[C](user:{client}) @[X](user:{new_id()})"
    note = await talk.say(talk.admin, text, "internal")
    found = await talk.admin.get("/comment-mentions", params={"filter[comment]": str(note)})
    accounts = [item["relationships"]["account"]["data"]["id"] for item in found.json()["data"]]
    assert accounts == [str(theo)]
    assert "<strong>@Theo</strong>" in (await talk.attributes(note))["content_html"]
    told = await talk.kit.installation.rows(
        "SELECT payload->>'account_id' AS account FROM psa.outbox WHERE name = 'comments.user_mentioned'"
        " AND payload->>'comment_id' = $1",
        str(note),
    )
    assert [row["account"] for row in told] == [str(theo)]
    await talk.admin.patch(f"/comments/{note}", {"content": f"{text} again"})
    again = await talk.admin.get("/comment-mentions", params={"filter[comment]": str(note)})
    assert len(again.json()["data"]) == 1


@pytest.mark.parametrize("kind", ["companies", "contacts", "tickets"])
async def test_any_record_can_carry_a_conversation(talk, kind: str):
    """CMT-01"""
    record = (await talk.kit.make(kind)).id
    name = "notes" if kind == "tickets" else "comments"
    answer = await talk.staff.post(f"/{kind}/{record}/{name}", {"content": "Hello"}, type="comments")
    assert answer.status_code == 201, answer.text
    listed = await talk.staff.get(f"/{kind}/{record}/{name}")
    assert [item["id"] for item in listed.json()["data"]] == [answer.json()["data"]["id"]]
    nowhere = await talk.staff.post(f"/{kind}/{new_id()}/{name}", {"content": "Hello"}, type="comments")
    assert nowhere.status_code == 404


async def test_an_erased_authors_name_is_forgotten(talk):
    """CRM-13"""
    from psa_sdk.identity import Directory

    client = await talk.kit.portal(talk.client.person.company_id, admin=True, name="Forget Me")
    note = await talk.say(client, "I was here")
    async with talk.kit.unit() as ctx:
        await ctx.service(Directory).disable_account(await client.account_id(), erase=True)
    await talk.kit.drain()
    shown = await talk.admin.get(f"/comments/{note}")
    assert "Forget Me" not in shown.text
    assert shown.json()["data"]["attributes"]["content"] == "I was here"
