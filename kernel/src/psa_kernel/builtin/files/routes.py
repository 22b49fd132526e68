"""Uploads and downloads."""

import zipfile
from collections.abc import AsyncIterator
from io import RawIOBase
from typing import Any, cast
from uuid import UUID

from litestar import Request
from litestar.datastructures import UploadFile
from litestar.response import Response, Stream

from psa_kernel.builtin.files.naming import content_disposition
from psa_kernel.builtin.files.ranges import RangeNotSatisfiable, parse_range
from psa_kernel.builtin.files.settings import ABSOLUTE_MAX
from psa_kernel.builtin.files.tenant_files import ATTACHMENTS, TenantFiles
from psa_kernel.registry import Registry
from psa_kernel.unit_of_work import Unit
from psa_sdk import AnswerList, Context, Record, Resource, Route, ToMany, get, post
from psa_sdk.errors import Invalid

SAFE = {"Content-Security-Policy": "sandbox; default-src 'none'"}


@get(
    "/attachments/{id:uuid}/content",
    permission="files.attachments.read",
    audience="both",
    media_type="*/*",
)
async def download(ctx: Context, request: Request[Any, Any, Any], id: UUID) -> Response[Any]:
    """Download a file, or a part of it (RFC 9110 14)."""
    unit = cast(Unit, ctx)
    row = await unit.records.get(ATTACHMENTS, id)
    files = TenantFiles(unit)
    await files.refuse_unclean(row["sha256"])
    tag = f'"{row["sha256"]}"'
    headers = {
        **SAFE,
        "Content-Disposition": content_disposition(row["file_name"]),
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Cache-Control": "private, no-cache",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(None, status_code=304, headers=headers)
    wanted = parse_range(request.headers.get("range"), row["file_size"], request.headers.get("if-range"), tag)
    if wanted is None:
        raise RangeNotSatisfiable(
            f"The file has {row['file_size']} bytes.",
            header="Range",
            headers={"Content-Range": f"bytes */{row['file_size']}"},
        )
    # From here on only the store is read: a slow reader must hold no connection.
    await unit.session.commit()
    start, end = wanted
    partial = (start, end) != (0, row["file_size"])
    headers["Content-Length"] = str(end - start)
    if partial:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{row['file_size']}"
    return Stream(
        files.content(row["sha256"], start, end),
        status_code=206 if partial else 200,
        media_type=row["mime_type"],
        headers=headers,
    )


@post(
    "/attachments/{id:uuid}/restore",
    permission="files.attachments.update",
    returns=ATTACHMENTS,
    status=201,
)
async def restore(ctx: Context, id: UUID) -> Record:
    """Make an older version the newest one."""
    return Record(ATTACHMENTS, await TenantFiles(cast(Unit, ctx)).restore(id), status=201)


def attachment_routes(registry: Registry) -> tuple[tuple[str, Route], ...]:
    """Return upload and archive routes of each resource that carries attachments."""
    found: list[tuple[str, Route]] = []
    for resource in registry.resources.values():
        for relation in resource.relations:
            if isinstance(relation, ToMany) and relation.target == ATTACHMENTS and relation.column is None:
                found += [("files", _upload(resource, relation)), ("files", _archive(resource, relation))]
    return tuple(found)


def _upload(resource: Resource, relation: ToMany) -> Route:
    async def upload(ctx: Context, request: Request[Any, Any, Any], id: UUID) -> AnswerList | Record:
        unit = cast(Unit, ctx)
        form = await request.form()
        parts = [part for _, part in form.multi_items() if isinstance(part, UploadFile)]
        if not parts:
            raise Invalid(
                "Send at least one file as a part of multipart/form-data.", code="no_file", pointer=""
            )
        internal = (
            str(form.get("is_internal", "false")).lower() == "true" and unit.principal.audience == "staff"
        )
        saved = [
            await TenantFiles(unit).save(
                _parts(part), name=part.filename or "file", subject=(resource.name, id), internal=internal
            )
            for part in parts
        ]
        for part in parts:
            await part.close()
        return Record(ATTACHMENTS, saved[-1].id, status=201)

    return Route(
        method="POST",
        path=f"{resource.url}/{{id:uuid}}/{relation.name}",
        permission="files.attachments.create",
        handle=upload,
        status=201,
        audience="both" if resource.portal is not None else "staff",
        returns=ATTACHMENTS,
        body_types=("multipart/form-data",),
        summary=f"Attach files to one of the {resource.title or resource.name}.",
        max_body=ABSOLUTE_MAX,
    )


async def _parts(part: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await part.read(256 * 1024):
        yield chunk


def _archive(resource: Resource, relation: ToMany) -> Route:
    async def archive(ctx: Context, id: UUID) -> Stream:
        unit = cast(Unit, ctx)
        await unit.records.get(resource.name, id)
        files = await TenantFiles(unit).attached(resource.name, id)
        for file in files:
            await TenantFiles(unit).refuse_unclean(file.sha256)
        await unit.session.commit()
        return Stream(
            _zipped(TenantFiles(unit), [(file.name, file.sha256) for file in files]),
            media_type="application/zip",
            headers={**SAFE, "Content-Disposition": content_disposition(f"{resource.name}-{id}.zip")},
        )

    return Route(
        method="GET",
        path=f"{resource.url}/{{id:uuid}}/{relation.name}/archive",
        permission="files.attachments.read",
        handle=archive,
        status=200,
        audience="both" if resource.portal is not None else "staff",
        media_type="application/zip",
        summary=f"Download all files of one of the {resource.title or resource.name} as a ZIP.",
    )


class _Pipe(RawIOBase):
    """What the ZIP writer wrote since it was last asked; not seekable, so that sizes follow the data."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        data, self._waiting = b"".join(self._waiting), []
        return data


async def _zipped(files: TenantFiles, entries: list[tuple[str, str]]) -> AsyncIterator[bytes]:
    pipe, used = _Pipe(), set[str]()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:  # pyright: ignore[reportArgumentType]
        for name, sha256 in entries:
            unique = name if name not in used else f"{len(used)}-{name}"
            used.add(unique)
            with archive.open(unique, "w", force_zip64=True) as entry:
                async for chunk in files.content(sha256):
                    entry.write(chunk)
                    yield pipe.taken()
    yield pipe.taken()


ALL = (download, restore)
