"""One document of all routes, true to them, and a page of it that needs nobody else (API-05)."""

import re
from html.parser import HTMLParser

from openapi_spec_validator import OpenAPIV31SpecValidator


async def document(desk) -> dict:
    return (await desk.anonymous.get("/api/v1/openapi.json")).json()


async def test_the_document_is_openapi_31(desk):
    answer = await desk.anonymous.get("/api/v1/openapi.json")
    assert answer.headers["content-type"].startswith("application/vnd.oai.openapi+json")
    assert [str(error) for error in OpenAPIV31SpecValidator(answer.json()).iter_errors()] == []


async def test_every_route_is_documented_and_nothing_else(desk):
    served = {
        (method, re.sub(r":[a-z]+\}", "}", path))
        for handler in desk.app.routes.handlers
        for path in handler.paths
        for method in handler.http_methods - {"OPTIONS", "HEAD"}
    }
    paths = (await document(desk))["paths"]
    documented = {
        (method.upper(), path)
        for path, item in paths.items()
        for method in item
        if method in {"get", "post", "patch", "put", "delete"}
    }
    assert served - documented == set()
    assert documented - served == set()


async def test_operations_tell_their_permission_arguments_and_failures(desk):
    paths = (await document(desk))["paths"]
    secret = paths["/api/v1/visits/secret"]["get"]
    assert secret["x-permission"] == "visits.plans.read"
    assert secret["tags"] == ["visits"]
    assert secret["responses"]["default"] == {"$ref": "#/components/responses/Error"}
    hello = paths["/api/v1/visits/hello"]["get"]
    assert hello["security"] == []
    size = next(item for item in hello["parameters"] if item["name"] == "page[size]")
    assert (size["schema"]["minimum"], size["schema"]["maximum"], size["required"]) == (1, 100, False)
    plan = paths["/api/v1/visits/{id}/plan"]["post"]
    schema = plan["requestBody"]["content"]["application/vnd.api+json"]["schema"]
    assert schema["properties"]["data"]["properties"]["attributes"] == {"$ref": "#/components/schemas/Plan"}
    assert plan["parameters"][0] == {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
    }


async def test_operation_ids_are_unique(desk):
    ids = [
        operation["operationId"]
        for item in (await document(desk))["paths"].values()
        for method, operation in item.items()
        if method in {"get", "post", "patch", "put", "delete"}
    ]
    assert len(ids) == len(set(ids))


class Sources(HTMLParser):
    """Collects what a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag in {"link", "img", "script", "iframe"}:
            self.fetched.append(attributes.get("href") or attributes.get("src") or tag)
        if tag in {"script", "style"} or any(name == "style" or name.startswith("on") for name in attributes):
            self.inline.append(tag)


async def test_the_page_satisfies_its_own_strict_policy(desk):
    answer = await desk.anonymous.get("/api/v1/docs")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    sources = Sources()
    sources.feed(answer.text)
    assert sources.fetched == ["docs/style.css"]
    assert sources.inline == []
    assert "/api/v1/visits/{id}/plan" in answer.text
    style = await desk.anonymous.get("/api/v1/docs/style.css")
    assert style.headers["content-type"].startswith("text/css")
