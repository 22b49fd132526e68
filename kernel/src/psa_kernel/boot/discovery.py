"""Discovery: built-ins, the entry points `psa.plugins` and the bridges between installed plugins."""

import importlib
from collections.abc import Callable, Collection, Iterator, Sequence
from importlib import metadata
from types import ModuleType

import msgspec
from packaging.requirements import InvalidRequirement, Requirement

from psa_kernel.builtin import BUILTINS
from psa_kernel.registry import Plugin
from psa_sdk.manifest import Manifest

PLUGINS = "psa.plugins"
BRIDGES = "psa.bridges"


class Found(msgspec.Struct):
    """What discovery has seen: plugins by name, those taken off with the reason, and problems."""

    plugins: dict[str, Plugin] = msgspec.field(default_factory=dict[str, Plugin])
    isolated: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    problems: list[str] = msgspec.field(default_factory=list[str])
    versions: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    unmet: dict[str, list[str]] = msgspec.field(default_factory=dict[str, list[str]])
    """By distribution, whose metadata is a file that takes a while to read: some hold several plugins and bridges."""


def builtin_plugins(found: Found) -> None:
    """Add the kernel's own plugins."""
    for path in BUILTINS:
        module = importlib.import_module(path)
        from_module(found, module, "psa-kernel", builtin=True)


def installed(found: Found, quarantine: Collection[str] = (), only: Sequence[str] | None = None) -> None:
    """Add what distributions offer by entry point, quarantined ones excepted; bridges come last."""
    if only is not None and not only:
        return
    offered = metadata.entry_points()  # reads the metadata of all that is installed
    for entry in sorted(offered.select(group=PLUGINS), key=lambda entry: entry.name):
        if only is not None and entry.name not in only:
            continue
        if entry.name in quarantine:
            found.isolated[entry.name] = "quarantined by the operator"
            continue
        _add_entry(found, entry)
    for entry in sorted(offered.select(group=BRIDGES), key=lambda entry: entry.name):
        if entry.name in quarantine:
            found.isolated[entry.name] = "quarantined by the operator"
        elif all(end in found.plugins for end in ends(entry.name)):
            _add_entry(found, entry)


def ends(name: str) -> tuple[str, ...]:
    """Return the plugins that a bridge joins; a plugin's own name has one end.

    Example:
        >>> ends("sla.ticketing"), ends("sla")
        (('sla', 'ticketing'), ('sla',))
    """
    return tuple(name.split("."))


def _add_entry(found: Found, entry: metadata.EntryPoint) -> None:
    distribution = entry.dist.name if entry.dist else ""
    loaded = _attempt(found, entry.name, entry.load)
    if loaded is None:
        return
    if not isinstance(loaded, ModuleType):
        found.problems.append(f"{entry.name}: its entry point {entry.value} is no module.")
        return
    from_module(found, loaded, distribution, expected=entry.name)


def from_module(
    found: Found, module: ModuleType, distribution: str, *, expected: str = "", builtin: bool = False
) -> None:
    """Add the plugin that a module declares with `psa_manifest`."""
    name = expected or module.__name__
    declare = getattr(module, "psa_manifest", None)
    if declare is None:
        found.problems.append(f"{name}: {module.__name__} has no psa_manifest hook.")
        return
    manifest = _attempt(found, name, declare)
    if manifest is None:
        return
    if not isinstance(manifest, Manifest):
        found.problems.append(f"{name}: psa_manifest returns a {type(manifest).__name__}, not a Manifest.")
        return
    if expected and manifest.name != expected:
        found.problems.append(
            f"{expected}: its manifest calls itself {manifest.name}; entry point and manifest must agree."
        )
    present = found.plugins.get(manifest.name)
    if present is not None:
        found.problems.append(
            f"{manifest.name}: both {present.module.__name__} ({present.distribution}) and "
            f"{module.__name__} ({distribution}) claim this plugin name."
        )
        return
    version = _version(found, distribution)
    plugin = Plugin(
        name=manifest.name,
        manifest=manifest,
        module=module,
        distribution=distribution,
        version=version,
        builtin=builtin,
    )
    mismatches = [] if builtin else _unmet_versions(found, distribution)
    if mismatches:
        found.isolated[manifest.name] = "; ".join(mismatches)
        return
    found.plugins[manifest.name] = plugin


def _attempt(found: Found, name: str, load: Callable[[], object]) -> object | None:
    try:
        return load()
    except Exception as error:  # noqa: BLE001 - a plugin may fail in any way; the rest must start
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        found.isolated[name] = f"could not be imported ({reason})"
        return None


def _version(found: Found, distribution: str) -> str:
    if distribution not in found.versions:
        try:
            found.versions[distribution] = metadata.version(distribution)
        except (metadata.PackageNotFoundError, ValueError):
            found.versions[distribution] = "0"
    return found.versions[distribution]


def _unmet_versions(found: Found, distribution: str) -> list[str]:
    """Return the requirements on PSA distributions that what is installed doesn't meet."""
    if distribution not in found.unmet:
        found.unmet[distribution] = list(_unmet(found, distribution))
    return found.unmet[distribution]


def _unmet(found: Found, distribution: str) -> Iterator[str]:
    try:
        declared = metadata.requires(distribution) or []
    except (metadata.PackageNotFoundError, ValueError):
        return
    for text in declared:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if not requirement.name.startswith("psa") or (
            requirement.marker and not requirement.marker.evaluate()
        ):
            continue
        present = _version(found, requirement.name)
        if not requirement.specifier.contains(present, prereleases=True):
            yield f"needs {requirement}, and {requirement.name} {present} is installed"
