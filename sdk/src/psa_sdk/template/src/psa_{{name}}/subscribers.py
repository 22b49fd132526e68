"""What {{title}} does after something happened: in a unit of work of its own, retried, once in effect."""

from psa_sdk import Context, on
from psa_{{name}}.api import EntryDone


@on(EntryDone)
async def note_it(ctx: Context, event: EntryDone) -> None:
    """Leave a trace in the audit log."""
    await ctx.audit("{{name}}.celebrated", "{{kebab}}-entries", event.entry_id, title=event.title)


ALL = (note_it,)
