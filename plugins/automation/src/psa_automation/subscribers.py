"""Listening for a resource: what a plugin lists in its manifest so that its records can be automated."""

from psa_automation.api import Automation
from psa_sdk import Context, RecordEvent, Subscriber
from psa_sdk.events import RecordSelector


def listening(resource: str) -> Subscriber:
    """Return the subscriber that runs the rules of a resource for created and updated records."""

    async def react(ctx: Context, event: RecordEvent) -> None:
        """Run the rules that wait for new and changed records."""
        await ctx.service(Automation).tell(
            resource, event.id, event.action, changes=event.changed if event.action == "updated" else None
        )

    return Subscriber(
        name=f"psa_automation.subscribers.listening.{resource}",
        event=RecordSelector(resource, ("created", "updated")),
        handle=react,
    )
