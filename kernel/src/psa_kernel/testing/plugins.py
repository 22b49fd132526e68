"""Plugins made in memory: modules with the manifest and the tables that a test wants."""

import tempfile
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from types import ModuleType, new_class
from typing import Any
from uuid import uuid4

from psa_sdk.hooks import hookimpl
from psa_sdk.manifest import Manifest
from psa_sdk.tables import Column, TenantTable


def module(manifest: Manifest, **hooks: Callable[..., Any]) -> ModuleType:
    """Return a module that declares a manifest and further hooks; it has no migrations."""
    made = ModuleType(f"psa_test_{manifest.name.replace('.', '_')}_{uuid4().hex[:6]}")
    made.__file__ = str(Path(tempfile.gettempdir()) / made.__name__ / "plugin.py")

    @hookimpl
    def psa_manifest() -> Manifest:
        return manifest

    made.psa_manifest = psa_manifest  # pyright: ignore[reportAttributeAccessIssue]
    for name, hook in hooks.items():
        setattr(made, name, hookimpl(hook))
    return made


def only(*kept: str) -> Mapping[str, str]:
    """Return the variable that leaves a process with the built-ins and these installed plugins."""
    installed = {entry.name for entry in metadata.entry_points(group="psa.plugins")}
    return {"PSA_QUARANTINE": ",".join(sorted(installed - set(kept)))}


def table(schema: str, name: str, /, **columns: Column) -> type[TenantTable]:
    """Return a tenant table with these columns."""

    def body(namespace: dict[str, object]) -> None:
        namespace.update(columns)

    return new_class(name.title(), (TenantTable,), {"schema": schema, "tablename": name}, body)
