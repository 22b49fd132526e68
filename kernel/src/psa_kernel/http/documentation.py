"""Handlers of the OpenAPI document and its page; each is made at its first request and kept."""

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler

from psa_kernel.http.answers import API
from psa_kernel.http.docs_page import STYLE, page
from psa_kernel.http.openapi import openapi_document
from psa_kernel.kernel import Kernel


def documentation_handlers(kernel: Kernel) -> list[HTTPRouteHandler]:
    """Return the handlers of `/openapi.json`, `/docs` and the page's style."""
    kept: dict[str, bytes] = {}

    def described() -> bytes:
        if "json" not in kept:
            document = openapi_document(kernel.registry, multi_tenant=kernel.config.multi_tenant)
            kept["json"] = msgspec.json.encode(document)
        return kept["json"]

    def shown() -> bytes:
        if "html" not in kept:
            kept["html"] = page(msgspec.json.decode(described())).encode()
        return kept["html"]

    async def openapi() -> Response[bytes]:
        return Response(described(), media_type="application/vnd.oai.openapi+json;version=3.1")

    async def docs() -> Response[bytes]:
        return Response(shown(), media_type="text/html; charset=utf-8")

    async def style() -> Response[bytes]:
        return Response(
            STYLE.encode(), media_type="text/css; charset=utf-8", headers={"Cache-Control": "max-age=3600"}
        )

    return [
        HTTPRouteHandler(f"{API}/openapi.json", http_method="GET")(openapi),
        HTTPRouteHandler(f"{API}/docs", http_method="GET")(docs),
        HTTPRouteHandler(f"{API}/docs/style.css", http_method="GET")(style),
    ]
