"""CRM-13: a person goes from the audit log too, and the log stays provably whole."""

import asyncpg
import pytest

from psa_kernel.builtin.audit.sealing import seal_all
from psa_kernel.builtin.audit.verification import verify
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_sdk.identity import Directory

NAME = "Zenobia Quuxley"


@pytest.fixture
async def kernel(rewound_kernel):
    return await rewound_kernel(first={})


async def test_an_erased_account_is_blanked_in_what_was_written_before_and_the_chain_holds(
    kernel, rewound_kernel
):
    async with kernel.unit(SINGLE_TENANT) as unit:
        values = {"audience": "staff", "status": "active", "email": "zenobia@example.com", "name": NAME}
        account = await unit.records.create("users", values)
        other = await unit.records.create(
            "users", {**values, "email": "b@example.com", "name": "Somebody Else"}
        )
        await unit.records.update("users", account, {"phone": "+12125557788", "status": "disabled"})
    await seal_all(kernel)
    async with kernel.unit(SINGLE_TENANT) as unit:
        await unit.service(Directory).disable_account(account, erase=True)
        assert await unit.redact("users", [account], ("name", "email")) == 0, "nothing is left to blank"
    report = await verify(kernel, SINGLE_TENANT)
    assert report.intact, report.finding
    assert report.redacted == 2, "what was sealed before"
    await seal_all(kernel)
    assert (await verify(kernel, SINGLE_TENANT)).intact
    superuser = await asyncpg.connect(rewound_kernel.databases[kernel].superuser)
    text = await superuser.fetchval("SELECT string_agg(e::text, ' ') FROM psa.audit_entry e")
    assert not [word for word in (NAME, "zenobia@example.com", "+12125557788") if word in text]
    assert "Somebody Else" in text
    assert '""status"": ""disabled""' in text, "what is no person's stays"
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute(
        """UPDATE psa.audit_entry SET new = '{"name": "***"}' WHERE record_id = $1 AND action = 'created'""",
        other,
    )
    await superuser.close()
    assert "was changed" in (await verify(kernel, SINGLE_TENANT)).finding, "nobody else blanks an entry"


async def test_the_application_changes_no_entry_but_through_the_function(kernel):
    async with kernel.unit(SINGLE_TENANT) as unit:
        await unit.db.execute("SET LOCAL app.redact = 'on'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await unit.db.execute("UPDATE psa.audit_entry SET detail = '{}'")
