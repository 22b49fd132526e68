"""The demonstration data: mail that became tickets, a mailbox that looks nowhere."""

import pytest


@pytest.mark.slow
async def test_the_demonstration_shows_what_becomes_of_mail(demonstration):
    kit = demonstration
    rows = await kit.installation.rows(
        "SELECT outcome, verdict, error FROM mail.incoming WHERE tenant_id = $1 ORDER BY number",
        kit.tenant_id,
    )
    assert [(row["outcome"], row["verdict"]) for row in rows] == [
        ("ticket", "human"), ("reply", "human"), ("reply", "automated"), ("ticket", "human"), ("ticket", "human"),
        ("ticket", "human"), ("ticket", "bulk"),
    ]  # fmt: skip
    [mailbox] = await kit.installation.rows(
        "SELECT is_paused FROM mail.mailbox WHERE tenant_id = $1", kit.tenant_id
    )
    assert mailbox["is_paused"]
