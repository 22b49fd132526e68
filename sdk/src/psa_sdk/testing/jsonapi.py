"""Checks a JSON:API 1.1 document against the rules of the specification that don't depend on the resource.

Example:
    >>> check_document({"data": {"type": "tickets"}, "jsonapi": {"version": "1.1"}})
    ['/data: has no id']
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

_TOP = {"data", "errors", "meta", "jsonapi", "links", "included", "atomic:results"}
_OBJECT = {"type", "id", "lid", "attributes", "relationships", "links", "meta"}
_ERROR = {"id", "links", "status", "code", "title", "detail", "source", "meta"}
# JSON:API 1.1, 5.8.1 to 5.8.3, without the URL-unsafe characters that it allows but advises against.
_MEMBER = re.compile(r"[A-Za-z0-9\u0080-\uffff](?:[-_ A-Za-z0-9\u0080-\uffff]*[A-Za-z0-9\u0080-\uffff])?")
Document = Mapping[str, Any]


def check_document(document: Any) -> list[str]:
    """Return what is wrong with a response document, each with its JSON pointer; nothing when all is well."""
    if not isinstance(document, dict):
        return [": the document is no object"]
    found = cast("Document", document)
    return [*_top(found), *_primary(found), *_compound(found)]


def _top(document: Document) -> Iterator[str]:
    for name in document.keys() - _TOP:
        yield f"/{name}: is no top-level member"
    if not document.keys() & {"data", "errors", "meta", "atomic:results"}:
        yield ": has neither data nor errors nor meta"
    if "data" in document and "errors" in document:
        yield ": has both data and errors"
    if "included" in document and "data" not in document:
        yield "/included: stands without data"
    yield from _links(document.get("links", {}), "/links")
    errors = document.get("errors")
    if errors is not None:
        yield from _errors(errors)


def _errors(errors: Any) -> Iterator[str]:
    if not isinstance(errors, list) or not errors:
        yield "/errors: is no filled array"
        return
    for index, error in enumerate(cast("list[Any]", errors)):
        at = f"/errors/{index}"
        if not isinstance(error, dict) or not error:
            yield f"{at}: is no filled object"
            continue
        found = cast("Document", error)
        for name in found.keys() - _ERROR:
            yield f"{at}/{name}: is no member of an error"
        for name in ("status", "code", "title", "detail", "id"):
            if name in found and not isinstance(found[name], str):
                yield f"{at}/{name}: is no string"
        if not re.fullmatch(r"[45][0-9]{2}", str(found.get("status", "400"))):
            yield f"{at}/status: is no HTTP error status"
        for name in found.get("source", {}).keys() - {"pointer", "parameter", "header"}:
            yield f"{at}/source/{name}: is no kind of source"


def _primary(document: Document) -> Iterator[str]:
    data = document.get("data")
    if isinstance(data, list):
        for index, item in enumerate(cast("list[Any]", data)):
            yield from _resource(item, f"/data/{index}")
    elif data is not None:
        yield from _resource(data, "/data")
    for index, item in enumerate(document.get("included", ())):
        yield from _resource(item, f"/included/{index}")


def _resource(item: Any, at: str) -> Iterator[str]:
    if not isinstance(item, dict):
        yield f"{at}: is no object"
        return
    found = cast("Document", item)
    for name in found.keys() - _OBJECT:
        yield f"{at}/{name}: is no member of a resource object"
    for name in ("type", "id"):
        if name not in found and not (name == "id" and "lid" in found):
            yield f"{at}: has no {name}"
        elif name in found and (not isinstance(found[name], str) or not found[name]):
            yield f"{at}/{name}: is no filled string"
    attributes, relationships = found.get("attributes", {}), found.get("relationships", {})
    for name in attributes.keys() & relationships.keys():
        yield f"{at}/attributes/{name}: is a relationship too"
    for group, names in (("attributes", attributes), ("relationships", relationships)):
        for name in names:
            if not _MEMBER.fullmatch(name):
                yield f"{at}/{group}/{name}: is no allowed member name"
            if name in {"type", "id"}:
                yield f"{at}/{group}/{name}: is reserved"
    for name, relationship in relationships.items():
        yield from _relationship(relationship, f"{at}/relationships/{name}")
    yield from _links(found.get("links", {}), f"{at}/links")


def _relationship(relationship: Document, at: str) -> Iterator[str]:
    if not relationship.keys() & {"links", "data", "meta"}:
        yield f"{at}: has neither links nor data nor meta"
    for name in relationship.keys() - {"links", "data", "meta"}:
        yield f"{at}/{name}: is no member of a relationship"
    yield from _links(relationship.get("links", {}), f"{at}/links")
    data = relationship.get("data")
    for item in cast("list[Any]", data if isinstance(data, list) else [] if data is None else [data]):
        if not isinstance(item, dict) or item.keys() - {"meta"} != {"type", "id"}:
            yield f"{at}/data: holds something that is no resource identifier"


def _links(links: Any, at: str) -> Iterator[str]:
    if not isinstance(links, dict):
        yield f"{at}: is no object"
        return
    for name, link in cast("dict[str, Any]", links).items():
        target = cast("Document", link).get("href") if isinstance(link, dict) else link
        if target is not None and (not isinstance(target, str) or not re.fullmatch(r"[!-~]+", target)):
            yield f"{at}/{name}: is no URI reference"


def _identity(item: Document) -> tuple[str, str]:
    return str(item.get("type")), str(item.get("id", item.get("lid")))


def _compound(document: Document) -> Iterator[str]:
    data = document.get("data")
    primary = cast("list[Document]", data if isinstance(data, list) else [] if data is None else [data])
    included = cast("list[Document]", document.get("included", []))
    seen: set[tuple[str, str]] = set()
    for item in (*primary, *included):
        if _identity(item) in seen:
            yield f": {' '.join(_identity(item))} occurs twice"
        seen.add(_identity(item))
    by_identity = {_identity(item): item for item in included}
    reached: set[tuple[str, str]] = set()
    waiting = list(primary)
    # A document of linkage names its members as primary data themselves.
    reached.update(_identity(item) for item in primary if item.keys() <= {"type", "id", "meta"})
    waiting.extend(by_identity[identity] for identity in reached & by_identity.keys())
    while waiting:
        for relationship in waiting.pop().get("relationships", {}).values():
            held = relationship.get("data")
            for target in held if isinstance(held, list) else [held] if held else []:
                identity = _identity(target)
                if identity in by_identity and identity not in reached:
                    reached.add(identity)
                    waiting.append(by_identity[identity])
    for identity in by_identity.keys() - reached:
        yield f"/included: nothing links to {' '.join(identity)}"
