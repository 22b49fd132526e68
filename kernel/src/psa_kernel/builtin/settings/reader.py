"""Reads settings as they hold: the user's choice, else the tenant's, else the default in code."""

import logging
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from uuid import UUID

import msgspec

from psa_kernel.builtin.settings import stored
from psa_kernel.builtin.settings.sections import Section, build, section_of
from psa_sdk.settings import Settings

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

S = TypeVar("S", bound=Settings)
Source = Literal["default", "tenant", "user"]
_log = logging.getLogger(__name__)


async def read(unit: "Unit", section: type[S]) -> S:
    """Return a section's settings for the unit's tenant and user.

    Raises `LookupError` when no installed plugin declares the section.
    """
    described = section_of(unit.kernel.registry, section)
    account = unit.principal.id if any(field.by_user for field in described.fields.values()) else None
    tenant = await stored.current(unit)
    own = await stored.current(unit, account) if account else None
    carrier = own or tenant
    ready = carrier.built.get((described.plugin, account)) if own is None else None
    if ready is None:
        values, _ = await _merge(unit, described, tenant, own)
        ready = _build(described, values)
        if own is None:
            carrier.built[described.plugin, account] = ready
    return ready  # pyright: ignore[reportReturnType]


async def effective(
    unit: "Unit", section: Section, account: UUID | None = None
) -> tuple[dict[str, Any], dict[str, Source]]:
    """Return a section's values as JSON types and where each comes from; read fresh, secrets in the clear."""
    tenant = await stored.load(unit.connection, unit.tenant_id)
    own = await stored.load(unit.connection, unit.tenant_id, account) if account else None
    return await _merge(unit, section, tenant, own)


async def _merge(
    unit: "Unit", section: Section, tenant: stored.Values, own: stored.Values | None
) -> tuple[dict[str, Any], dict[str, Source]]:
    values: dict[str, Any] = {}
    sources: dict[str, Source] = {}
    for name, field in section.fields.items():
        mine = own.of(section.plugin).get(name) if own and field.by_user else None
        chosen = mine or tenant.of(section.plugin).get(name)
        values[name], sources[name] = field.default, "default"
        if chosen is None:
            continue
        value = chosen.value if chosen.secret is None else await _open(unit, chosen)
        try:
            msgspec.convert(value, field.kind)
        except msgspec.ValidationError:
            # An upgrade narrowed the type: the default holds until somebody chooses again.
            _log.warning("stored setting %s.%s no longer fits; its default holds", section.plugin, name)
            continue
        values[name], sources[name] = value, "user" if mine else "tenant"
    return values, sources


async def _open(unit: "Unit", chosen: stored.Stored) -> Any:
    text = await unit.kernel.keys.open_sealed(
        unit.tenant_id, "psa.setting", "secret", chosen.row, chosen.secret or b""
    )
    return msgspec.json.decode(text)


def _build(section: Section, values: dict[str, Any]) -> Settings:
    try:
        return build(section, values)
    except msgspec.ValidationError:
        _log.warning("stored settings of %s no longer fit together; the defaults hold", section.plugin)
        return section.kind()
