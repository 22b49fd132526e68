"""Plugins made in memory: modules with the manifest a test wants."""

from types import ModuleType, new_class
from uuid import uuid4

from psa_sdk import Manifest, Resource, hookimpl
from psa_sdk.tables import Instant, Ref, TenantTable, Text


def module(manifest: Manifest, **hooks: object) -> ModuleType:
    """Return a module that declares a manifest and further hooks."""
    made = ModuleType(f"psa_test_{manifest.name.replace('.', '_')}_{uuid4().hex[:6]}")

    @hookimpl
    def psa_manifest() -> Manifest:
        return manifest

    made.psa_manifest = psa_manifest
    for name, hook in hooks.items():
        setattr(made, name, hookimpl(hook))
    return made


def table(schema: str, name: str, /, **columns: object) -> type[TenantTable]:
    """Return a tenant table."""

    def body(namespace: dict[str, object]) -> None:
        namespace.update(columns)

    return new_class(name.title(), (TenantTable,), {"schema": schema, "tablename": name}, body)


__all__ = ["Instant", "Manifest", "Ref", "Resource", "Text", "module", "table"]
