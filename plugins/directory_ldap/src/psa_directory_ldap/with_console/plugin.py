"""The bridge between directories and the console: who is told of a synchronisation that needs somebody."""

from psa_console.api import Inbox
from psa_directory_ldap.api import DIRECTORIES, SYNCS, SyncFinished
from psa_directory_ldap.routes import SYNC
from psa_sdk import Context, Manifest, hookimpl, on
from psa_sdk.errors import NotFound
from psa_sdk.identity import Directory


@on(SyncFinished)
async def tell_of_sync(ctx: Context, event: SyncFinished) -> None:
    """Tell who may synchronise that a synchronisation stopped or failed."""
    if event.is_dry or event.state not in {"stopped", "failed"}:
        return
    try:
        directory = await ctx.records.get(DIRECTORIES, event.directory_id)
        detail = (await ctx.records.get(SYNCS, event.sync_id))["detail"]
    except NotFound:
        return
    inbox, subject = ctx.service(Inbox), (DIRECTORIES, event.directory_id)
    for account in await ctx.service(Directory).holders(SYNC):
        kind = f"directory_sync_{event.state}"
        # Whoever asked for it has gone on meanwhile.
        await inbox.tell(account.id, kind, subject, directory["name"], detail=detail[:300], own=True)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="directory_ldap.console",
        title="Directories in the console",
        requires=("directory_ldap", "console"),
        subscribers=(tell_of_sync,),
    )
