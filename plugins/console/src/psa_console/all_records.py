"""All records: every resource that the person may read, for what has no place of its own in the navigation."""

from collections.abc import Mapping
from typing import Any

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_web.api import here, view_of


async def load(ctx: Context) -> Mapping[str, Any]:
    """Load the resources by the plugin that owns them."""
    documents = ctx.service(Documents)
    place = here()
    plugins = place.site.installation.plugins
    groups: dict[str, list[Any]] = {}
    for name in documents.resources():
        facts = documents.describe(name)
        owner = plugins.get(facts.owner)
        groups.setdefault(owner.manifest.title if owner else facts.owner, []).append(
            view_of(place.site, facts)
        )
    return {"kinds": groups}
