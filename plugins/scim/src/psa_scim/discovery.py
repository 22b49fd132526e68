"""What the service says of itself: its configuration, kinds and schemas (RFC 7644 4), the same for everybody."""

from collections.abc import Mapping, Sequence
from typing import Any

from scim2_models import Context as Phase
from scim2_models import Resource

from psa_scim.answers import LIST
from psa_scim.models import SERVICE
from psa_sdk.errors import Forbidden, NotFound


def configuration(base: str) -> Mapping[str, Any]:
    """Return what is supported."""
    assert SERVICE.config is not None
    return _told(SERVICE.config, "ServiceProviderConfig", f"{base}/ServiceProviderConfig")


def kinds(base: str) -> list[dict[str, Any]]:
    """Return the kinds of resources."""
    return [_told(one, "ResourceType", f"{base}/ResourceTypes/{one.id}") for one in SERVICE.resource_types]


def schemas(base: str) -> list[dict[str, Any]]:
    """Return the schemas."""
    return [_told(one, "Schema", f"{base}/Schemas/{one.id}") for one in SERVICE.schemas]


def listed(documents: Sequence[Mapping[str, Any]], query: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return all documents as a list; raises `Forbidden` for filters, which RFC 7644 4 doesn't allow here."""
    if "filter" in query:
        raise Forbidden("Filters aren't taken here.")
    return {
        "schemas": [LIST],
        "totalResults": len(documents),
        "startIndex": 1,
        "itemsPerPage": len(documents),
        "Resources": list(documents),
    }


def one(documents: Sequence[Mapping[str, Any]], id: str) -> Mapping[str, Any]:
    """Return the document of an id; raises `NotFound`."""
    for document in documents:
        if document["id"] == id:
            return document
    raise NotFound(f"There is no {id}.")


def _told(what: Resource[Any], kind: str, location: str) -> dict[str, Any]:
    document = what.model_dump(scim_ctx=Phase.RESOURCE_QUERY_RESPONSE)
    return {**document, "meta": {"resourceType": kind, "location": location}}
