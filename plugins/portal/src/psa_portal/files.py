"""Files as clients download them."""

from typing import Any
from uuid import UUID

from litestar import Response

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.web import WebRequest


async def download(ctx: Context, request: WebRequest, id: UUID) -> Response[Any]:
    """Return a file's content: a download in a sandbox, never a page; raises `NotFound` for others' files (PRT-10)."""
    return await ctx.service(Documents).call("GET", f"/attachments/{id}/content", request=request)
