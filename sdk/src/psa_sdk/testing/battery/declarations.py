"""What a plugin declares is complete, described and true."""

import ast
import inspect
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from psa_sdk.events import Event
from psa_sdk.testing.battery.house import API, House, report
from psa_sdk.testing.installation import NotBooting


class _Document(msgspec.Struct):
    """What is read of an OpenAPI document, megabytes otherwise: the methods by path."""

    paths: dict[str, dict[str, msgspec.Raw]]


class DeclarationChecks:
    """Checks of the manifest and of the code behind it."""

    async def test_the_plugin_boots(self, house: House | NotBooting) -> None:
        """Everything declared fits together (KRN-02, KRN-03)."""
        report([str(problem) for problem in house.problems] if isinstance(house, NotBooting) else [])

    async def test_only_public_surfaces_are_imported(self, house: House) -> None:
        """A plugin imports `psa_sdk` and the `api` of those it requires (KRN-06)."""
        booted(house)
        package = _package(house)
        known = {f"psa_{name}" for name in house.manifest.requires}
        faults = [
            f"{path.name}:{line} imports {imported}: {reason}"
            for path in _sources(package)
            for line, imported in _imports(path)
            if (reason := _objection(imported, package, known, path))
        ]
        report(faults)

    async def test_every_event_is_declared(self, house: House) -> None:
        """An event that a plugin defines is in its manifest, named after it and described (KRN-05)."""
        booted(house)
        declared = set(house.manifest.events)
        package = _package(house)
        defined = {
            event
            for event in _descendants(Event)
            if event.name and f"{event.__module__}.".startswith(f"{package}.")
        }
        faults = [f"{event.__name__} is in no manifest's events." for event in defined - declared]
        for event in declared | defined:
            if not event.name.startswith(f"{house.plugin}."):
                faults.append(f"{event.__name__} is called {event.name}; say {house.plugin}.…")
            if not (inspect.getdoc(event) or "").strip() or event.__doc__ == Event.__doc__:
                faults.append(f"{event.name} has no docstring: say when it happens.")
        report(faults)

    async def test_everything_is_described(self, house: House) -> None:
        """Permissions, resources, routes, settings and pages say what they are."""
        booted(house)
        manifest = house.manifest
        faults = (
            [] if manifest.title and manifest.description else ["The manifest lacks a title or description."]
        )
        faults += [f"{one.name} has no title." for one in manifest.resources if not one.title]
        faults += [
            f"The permission {one.name} has no title." for one in manifest.permissions if not one.title
        ]
        faults += [
            f"{route.method} {route.path} has no summary: give the function a docstring."
            for route in manifest.routes
            if not route.summary
        ]
        faults += [
            f"{actor.name} has no docstring." for actor in manifest.actors if not inspect.getdoc(actor.run)
        ]
        faults += [
            f"{item.name} has no docstring."
            for item in manifest.subscribers
            if not inspect.getdoc(item.handle)
        ]
        if manifest.settings is not None:
            for field in msgspec.structs.fields(manifest.settings):
                if not _described(field.type):
                    faults.append(f"The setting {field.name} has no title: use msgspec.Meta(title=…).")
        report(faults)

    async def test_required_permissions_exist(self, house: House) -> None:
        """What the code asks for with `ctx.require("…")` is a permission that somebody declares."""
        booted(house)
        known = {
            one.name for manifest in house.installation.manifests.values() for one in manifest.permissions
        }
        for name in house.installation.resources:
            known |= {
                house.installation.permission(name, verb) for verb in ("read", "create", "update", "delete")
            }
        package = _package(house)
        report(
            [
                f"{path.name}:{line} requires {permission}, which nobody declares."
                for path in _sources(package)
                for line, permission in _required(path)
                if permission not in known
            ]
        )

    async def test_openapi_lists_every_route(self, house: House) -> None:
        """The OpenAPI document has every path and method of the plugin."""
        booted(house)
        answer = await house.kit.anonymous().get("/openapi.json", headers={"Accept": "*/*"})
        document = msgspec.json.decode(answer.content, type=_Document)
        listed = {(method.upper(), _plain(path)) for path, item in document.paths.items() for method in item}
        report(
            [
                f"{one.method} {one.path} is missing in the OpenAPI document."
                for one in house.endpoints
                if not {(one.method, _plain(one.path)), (one.method, _plain(one.path.removeprefix(API)))}
                & listed
            ]
        )

    async def test_public_routes_are_named(self, house: House) -> None:
        """Whatever answers without a log-in is listed in the battery's `public`."""
        booted(house)
        found = {f"{one.method} {one.path.removeprefix(API)}" for one in house.endpoints if one.public}
        named = set(house.battery.public)
        report(
            [f"{one} needs no log-in; name it in `public` if that is meant." for one in sorted(found - named)]
            + [f"{one} is named in `public` and isn't." for one in sorted(named - found)]
        )


def booted(house: Any) -> House:
    """Return the house; skip where it didn't boot, which is a check of its own."""
    if isinstance(house, NotBooting):
        import pytest

        pytest.skip("the plugin doesn't boot")
    return house


def _package(house: House) -> str:
    """Return the package that holds the plugin's module; the module itself where it stands alone."""
    module = house.installation.packages[house.plugin].__name__
    return module.rpartition(".")[0] or module


def _sources(package: str) -> Iterator[Path]:
    spec = find_spec(package) if package else None
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield from sorted(path for path in Path(place).rglob("*.py") if "migrations" not in path.parts)


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _required(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "require"
        ):
            yield from (
                (node.lineno, given.value)
                for given in node.args
                if isinstance(given, ast.Constant) and isinstance(given.value, str)
            )


def _objection(imported: str, package: str, known: set[str], path: Path) -> str:
    root, *rest = imported.split(".")
    if not root.startswith("psa_") or root in {package.split(".")[0], "psa_sdk"}:
        return ""
    if root == "psa_kernel":
        return "a plugin knows the SDK only"
    if rest[:1] != ["api"]:
        return f"only {root}.api is public"
    bridge = f"with_{root.removeprefix('psa_')}"
    if root not in known and bridge not in path.parts:
        return f"{root} isn't required; optional neighbours belong in {bridge}"
    return ""


def _descendants(kind: type[Event]) -> set[type[Event]]:
    found = set(kind.__subclasses__())
    return found.union(*(_descendants(one) for one in found)) if found else found


def _described(kind: Any) -> bool:
    return any(
        isinstance(part, msgspec.Meta) and bool(part.title or part.description)
        for part in getattr(kind, "__metadata__", ())
    )


def _plain(path: str) -> str:
    import re

    return re.sub(r"\{[^}]*\}", "{}", path)
