"""Assets: built bundles, plugins' static files, icons; all under `/static`, named by content, kept for ever."""

import functools
import hashlib
import json
import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import brotli
import msgspec
from litestar import Response
from markupsafe import Markup, escape

from psa_sdk.web import WebAsset, WebRequest

HERE: Final = Path(__file__).parent
DIST: Final = HERE / "static/dist"
PREFIX: Final = "/static"
_FOREVER: Final = "public, max-age=31536000, immutable"
_TEXTS: Final = frozenset(("text/css", "text/javascript", "application/javascript", "image/svg+xml"))
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))


class Bundles(msgspec.Struct, frozen=True):
    """What the build made: its id, its files by source name with the chunks they import, the font."""

    inputs: str
    files: dict[str, dict[str, Any]]
    font: str


@functools.cache
def bundles() -> Bundles:
    """Return the manifest of the build; raises `FileNotFoundError` saying what to do."""
    manifest = DIST / "manifest.json"
    if not manifest.exists():
        raise FileNotFoundError(
            "The pages' assets are not built; install psa-web without PSA_SKIP_ASSETS, or run"
            " `npm ci && node build.mjs` in plugins/web/frontend."
        )
    return msgspec.json.decode(manifest.read_bytes(), type=Bundles)


@functools.cache
def _icons() -> dict[str, str]:
    return json.loads((DIST / "icons.json").read_text())


@functools.lru_cache(maxsize=2048)
def icon(name: str, size: int = 16, cls: str = "") -> Markup:
    """Return a Lucide icon as inline SVG; an unknown name gives a dashed square."""
    drawn = _icons().get(name) or _icons()["square-dashed"]
    return Markup(  # noqa: S704 - the drawing is the build's, the rest is escaped
        f'<svg class="i {escape(cls)}" width="{int(size)}" height="{int(size)}" viewBox="0 0 24 24" fill="none"'
        ' stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'
        f' aria-hidden="true">{drawn}</svg>'
    )


class Statics:
    """Serves built files and those of plugins' `static/` folders."""

    def __init__(self, folders: dict[str, Path]) -> None:
        """`folders` are the plugins' static folders by plugin name."""
        self._folders = folders
        self._digests: dict[str, str] = {}
        self._sheets: dict[str, bytes] = {}

    def sheet(self, names: Sequence[str]) -> str:
        """Return the address of plugins' stylesheets as one file: each would cost every first page a round trip."""
        found = [path for path in map(self._of_plugin, names) if path is not None]
        content = b"\n".join(path.read_bytes() for path in found)
        name = f"{hashlib.sha256(content).hexdigest()[:12]}.css"
        self._sheets[name] = content
        return f"{PREFIX}/s/{name}" if content else ""

    def url(self, name: str) -> str:
        """Return the address of a bundle (`app.js`) or of a plugin's file (`sla/ring.js`)."""
        built = bundles().files.get(name)
        if built is not None:
            return f"{PREFIX}/b/{built['file']}"
        return f"{PREFIX}/p/{name}?v={self._digest(name)}"

    def _digest(self, name: str) -> str:
        if name not in self._digests:
            path = self._of_plugin(name)
            if path is None:
                raise FileNotFoundError(f"There is no static file {name}.")
            self._digests[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        return self._digests[name]

    def _of_plugin(self, name: str) -> Path | None:
        plugin, _, rest = name.partition("/")
        return _inside(self._folders[plugin], rest) if plugin in self._folders else None

    def routes(self) -> list[WebAsset]:
        """Return the routes of all static files."""
        return [
            WebAsset(path=f"{PREFIX}/b/{{name:str}}", handle=self._built),
            WebAsset(path=f"{PREFIX}/p/{{name:path}}", handle=self._plugins),
            WebAsset(path=f"{PREFIX}/s/{{name:str}}", handle=self._shared),
        ]

    async def _built(self, request: WebRequest) -> Response[Any]:
        return _answer(request, _inside(DIST, str(request.path_params["name"])))

    async def _shared(self, request: WebRequest) -> Response[Any]:
        content = self._sheets.get(str(request.path_params["name"]))
        if content is None:
            return Response(b"", status_code=404, media_type="text/plain")
        return _packed(request, content, "text/css")

    async def _plugins(self, request: WebRequest) -> Response[Any]:
        return _answer(request, self._of_plugin(str(request.path_params["name"]).lstrip("/")))


def _inside(folder: Path, name: str) -> Path | None:
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None


@functools.lru_cache(maxsize=256)
def _content(path: Path, changed: float) -> bytes:
    return path.read_bytes()


def _answer(request: WebRequest, path: Path | None) -> Response[Any]:
    if path is None:
        return Response(b"", status_code=404, media_type="text/plain")
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    accepted = request.headers.get("accept-encoding", "")
    for encoding, ending in _ENCODINGS:
        packed = path.with_name(path.name + ending)
        if encoding in accepted and packed.is_file():
            headers["Content-Encoding"] = encoding
            return Response(_content(packed, packed.stat().st_mtime), media_type=kind, headers=headers)
    content = _content(path, path.stat().st_mtime)
    if kind in _TEXTS:
        return _packed(request, content, kind)
    return Response(content, media_type=kind, headers=headers)


def _packed(request: WebRequest, content: bytes, kind: str) -> Response[Any]:
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    if "br" in request.headers.get("accept-encoding", ""):
        content, headers["Content-Encoding"] = _brotli(content), "br"
    return Response(content, media_type=kind, headers=headers)


@functools.lru_cache(maxsize=256)
def _brotli(content: bytes) -> bytes:
    return brotli.compress(content, quality=9)
