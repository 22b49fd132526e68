"""Where the protocol is served: below `/scim/v2`, to providers' tokens only."""

from typing import Any, Final

from litestar import Response

from psa_scim.answers import MEDIA, TAKEN, refuse
from psa_scim.credentials import identify
from psa_sdk import Context
from psa_sdk.routes import Method
from psa_sdk.web import ProtocolRoute, WebRequest

AT: Final = "/scim/v2"
_LARGEST: Final = 1 << 20
_COLLECTIONS: Final = ("/Users", "/Groups")
PATHS: Final[tuple[tuple[Method, str], ...]] = (
    ("GET", "/ServiceProviderConfig"),
    *(("GET", f"{path}{more}") for path in ("/ResourceTypes", "/Schemas") for more in ("", "/{id:str}")),
    ("POST", "/.search"),
    *(("GET", path) for path in _COLLECTIONS),
    *(("POST", path) for path in _COLLECTIONS),
    *(("POST", f"{path}/.search") for path in _COLLECTIONS),
    *(("GET", f"{path}/{{id:str}}") for path in _COLLECTIONS),
    *(("PUT", f"{path}/{{id:str}}") for path in _COLLECTIONS),
    *(("PATCH", f"{path}/{{id:str}}") for path in _COLLECTIONS),
    *(("DELETE", f"{path}/{{id:str}}") for path in _COLLECTIONS),
    ("GET", "/{rest:path}"),
)


def _route(method: Method, path: str) -> ProtocolRoute:
    async def handle(ctx: Context, request: WebRequest) -> Response[Any]:
        # The protocol's models take most of a second to build: at the first request, not at every start.
        from psa_scim.endpoints import serve

        return await serve(ctx, request, method, path)

    return ProtocolRoute(
        plugin="scim",
        method=method,
        path=f"{AT}{path}",
        identify=identify,
        handle=handle,
        refuse=refuse,
        media_type=MEDIA,
        body_types=TAKEN,
        max_body=_LARGEST,
    )


ROUTES: Final = tuple(_route(method, path) for method, path in PATHS)
