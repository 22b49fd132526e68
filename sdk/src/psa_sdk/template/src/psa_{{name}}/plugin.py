"""The table of contents of {{title}}."""

from psa_sdk import Manifest, hookimpl
from psa_{{name}} import api, resources, subscribers, tables


@hookimpl
def psa_manifest() -> Manifest:
    """Declare what this plugin has."""
    return Manifest(
        name="{{name}}",
        title="{{title}}",
        description="Say in one sentence what it is for.",
        enhances=("contacts",),  # loaded after contacts where that is installed; runs without it too
        tables=tables.ALL,
        resources=resources.ALL,
        events=api.EVENTS,
        subscribers=subscribers.ALL,
        roles={
            "manager": ("{{name}}.*",),
            "technician": ("{{name}}.{{name}}_entries.read", "{{name}}.{{name}}_entries.update@own"),
            "client_user": ("{{name}}.{{name}}_entries.read",),
        },
    )
