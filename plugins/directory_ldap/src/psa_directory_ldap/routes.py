"""What one can do with directories."""

from uuid import UUID

from psa_directory_ldap.api import DIRECTORIES, SYNCS
from psa_directory_ldap.checking import try_out
from psa_directory_ldap.directories import registration_of
from psa_directory_ldap.shapes import Checked, SyncAsked
from psa_directory_ldap.syncing import ask_for_sync
from psa_sdk import Answer, Context, Permission, Record, post
from psa_sdk.errors import Conflict
from psa_sdk.network import Network

UPDATE = "directory_ldap.ldap_directories.update"
SYNC = "directory_ldap.ldap_directories.sync"
PERMISSIONS = (Permission(name=SYNC, title="Synchronise with directories"),)


@post(
    "/ldap-directories/{id:uuid}/check",
    permission=UPDATE,
    returns=Checked,
    answer_type="ldap-directory-checks",
    idempotent=False,
)
async def check(ctx: Context, id: UUID) -> Answer:
    """Try a directory out: bind, search, and show the first people."""
    registration = await registration_of(ctx, await ctx.records.get(DIRECTORIES, id))
    network, now = ctx.service(Network), ctx.now
    async with ctx.outside():
        checked = await try_out(network, registration, now)
    await ctx.audit("checked", DIRECTORIES, id, works=checked.works, detail=checked.detail[:500])
    return Answer(type="ldap-directory-checks", id=str(id), attributes=checked)


@post("/ldap-directories/{id:uuid}/sync", permission=SYNC, returns=SYNCS, status=202)
async def sync(ctx: Context, id: UUID, body: SyncAsked) -> Record:
    """Compare accounts with a directory in the background; unless it is a dry run, bring them up to date."""
    sync_id = await ask_for_sync(ctx, id, dry=body.is_dry)
    return Record(SYNCS, sync_id, status=202)


@post("/ldap-syncs/{id:uuid}/confirm", permission=SYNC, returns=SYNCS, status=202)
async def confirm(ctx: Context, id: UUID) -> Record:
    """Go on where a synchronisation stopped: as many leavers as it found are deactivated."""
    row = await ctx.records.get(SYNCS, id, lock=True)
    if row["state"] != "stopped":
        raise Conflict(
            "Only a synchronisation that stopped is confirmed; ask for a new one.", code="not_stopped"
        )
    sync_id = await ask_for_sync(ctx, row["directory"], dry=False, may_leave=row["may_leave"])
    return Record(SYNCS, sync_id, status=202)


ALL = (check, sync, confirm)
