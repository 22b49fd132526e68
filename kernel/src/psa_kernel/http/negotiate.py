"""Content negotiation by the rules of JSON:API 1.1 ("Content Negotiation")."""

from collections.abc import Collection
from typing import Any

from litestar import Request
from litestar.enums import RequestEncodingType

JSON_API = "application/vnd.api+json"


def parse(value: str) -> tuple[str, dict[str, str]]:
    """Return a media type and its parameters, names in lower case, values unquoted.

    Example:
        >>> parse('Application/vnd.api+json; ext="https://jsonapi.org/ext/atomic"')
        ('application/vnd.api+json', {'ext': 'https://jsonapi.org/ext/atomic'})
    """
    essence, *rest = _split(value, ";")
    parameters: dict[str, str] = {}
    for part in rest:
        name, _, text = part.partition("=")
        parameters[name.strip().lower()] = text.strip().strip('"')
    return essence.strip().lower(), parameters


def _split(value: str, separator: str) -> list[str]:
    """Split outside quotes."""
    if '"' not in value:
        return value.split(separator)
    parts, current, quoted = list[str](), "", False
    for character in value:
        quoted ^= character == '"'
        if character == separator and not quoted:
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current]


def takes(content_type: str, allowed: Collection[str], extensions: Collection[str] = ()) -> bool:
    """Tell whether a request's Content-Type is one of `allowed`.

    JSON:API may have only the parameters `ext`, with known extensions, and `profile`. Where JSON:API is
    allowed, plain JSON is too. `type/*` in `allowed` takes any subtype.
    """
    if content_type == JSON_API and JSON_API in allowed:
        return True
    essence, parameters = parse(content_type)
    if essence == JSON_API and JSON_API in allowed:
        return _unmodified(parameters, extensions)
    if essence == "application/json" and JSON_API in allowed:
        return parameters.get("charset", "utf-8").lower() in {"utf-8", "utf8"}
    return essence in allowed or f"{essence.split('/')[0]}/*" in allowed or "*/*" in allowed


def is_form(request: Request[Any, Any, Any]) -> bool:
    """Tell whether a request sends its body as parts: fields and files."""
    return request.content_type[0] == RequestEncodingType.MULTI_PART


def _unmodified(parameters: dict[str, str], extensions: Collection[str]) -> bool:
    return parameters.keys() <= {"ext", "profile"} and all(
        uri in extensions for uri in parameters.get("ext", "").split()
    )


def accepts(accept: str, extensions: Collection[str] = ()) -> bool:
    """Tell whether an Accept header leaves room for a JSON:API answer.

    It does unless it names JSON:API and every such entry carries other parameters than `profile` and
    known `ext`; what doesn't name JSON:API at all is answered in it nevertheless.
    """
    if not accept or accept in {"*/*", JSON_API}:
        return True
    named = False
    for entry in _split(accept, ","):
        essence, parameters = parse(entry)
        weight = parameters.pop("q", "1")
        if essence == JSON_API:
            named = True
            if weight.strip("0.") and _unmodified(parameters, extensions):
                return True
    return not named
