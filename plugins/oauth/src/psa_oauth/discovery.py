"""Where applications find out about everything else: outside of `/api/v1`, as the specifications have it."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response

from psa_oauth.issuer import issuer_of, metadata
from psa_oauth.refusals import answer
from psa_sdk import PUBLIC, Context
from psa_sdk.errors import Problem
from psa_sdk.web import WebRequest, WebRoute

_KEPT: Final = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}


async def _tell(ctx: Context, request: WebRequest) -> Response[Any]:
    return answer(metadata(issuer_of(ctx, request, request.path_params["tenant"])), headers=_KEPT)


def _refuse(problem: Problem, scope: Mapping[str, Any]) -> Response[Any]:
    return answer({"error": problem.code, "error_description": str(problem)}, problem.status)


ROUTES: Final = tuple(
    WebRoute(
        plugin="oauth",
        method="GET",
        path=path,
        permission=PUBLIC,
        handle=_tell,
        refuse=_refuse,
        audience="both",
    )
    for path in (
        "/.well-known/oauth-authorization-server/oauth/{tenant:str}",
        "/oauth/{tenant:str}/.well-known/openid-configuration",
    )
)
