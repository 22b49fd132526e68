"""Answers of the protocol's endpoints: JSON as RFC 6749 5 wants it, and its errors."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response

JSON = "application/json"


class OAuthError(Exception):
    """A refusal in the words of RFC 6749 5.2."""

    def __init__(self, code: str, description: str, *, status: int = 400) -> None:
        self.code = code
        self.status = status
        super().__init__(description)


def answer(
    document: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[bytes]:
    """Return a document that nobody keeps."""
    told = {"Cache-Control": "no-store", "Pragma": "no-cache", **(headers or {})}
    return Response(msgspec.json.encode(document), status_code=status, media_type=JSON, headers=told)


def refusal(error: OAuthError) -> Response[bytes]:
    """Return an error; an application that isn't believed is told how to prove itself."""
    headers = {"WWW-Authenticate": 'Basic realm="oauth"'} if error.status == 401 else {}
    return answer({"error": error.code, "error_description": str(error)}, error.status, headers)
