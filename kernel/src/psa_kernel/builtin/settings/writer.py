"""Changes settings: checked as a whole, secrets sealed, audited, told to whoever listens."""

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import msgspec

from psa_kernel.builtin.audit.writer import record
from psa_kernel.builtin.settings import stored
from psa_kernel.builtin.settings.reader import effective
from psa_kernel.builtin.settings.sections import Section, build, checked
from psa_sdk.errors import Fault, Invalid
from psa_sdk.events import Event
from psa_sdk.mismatches import mismatch
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

_HIDDEN = "***"
_FIND = (
    "SELECT id FROM psa.setting WHERE tenant_id = $1 AND plugin = $2 AND key = $3"
    " AND account IS NOT DISTINCT FROM $4::uuid"
)
_INSERT = (
    "INSERT INTO psa.setting (id, tenant_id, plugin, key, account, value, secret)"
    " VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7)"
)
_UPDATE = "UPDATE psa.setting SET value = $2::jsonb, secret = $3, updated_at = $4, version = version + 1 WHERE id = $1"
_RESET = (
    "DELETE FROM psa.setting WHERE tenant_id = $1 AND plugin = $2 AND key = ANY ($3)"
    " AND account IS NOT DISTINCT FROM $4::uuid"
)


class SettingsChanged(Event, frozen=True, kw_only=True):
    """Settings of a plugin changed for the tenant, or for one account; `keys` says which."""

    name: ClassVar[str] = "settings.changed"
    plugin: str
    keys: tuple[str, ...]
    account_id: UUID | None = None


async def change(
    unit: "Unit",
    section: Section,
    values: dict[str, Any],
    *,
    reset: tuple[str, ...] = (),
    account: UUID | None = None,
    pointer: str = "/data/attributes/values",
) -> None:
    """Store values, and return others to what holds without them.

    Raises `Invalid` naming everything wrong. What doesn't change writes nothing.
    """
    await unit.db.lock("settings", section.plugin)
    good = checked(section, values, user=account is not None, pointer=pointer)
    _check_reset(section, values, reset)
    before, sources = await effective(unit, section, account)
    after = {**before, **good}
    own = "user" if account else "tenant"
    for name in reset:
        if sources[name] == own:
            after[name] = await _without(unit, section, name, account)
    try:
        build(section, after)
    except msgspec.ValidationError as error:
        found = mismatch(error)
        raise Invalid(found.detail, pointer=pointer + found.pointer) from error
    written = {name: value for name, value in good.items() if value != before[name] or sources[name] != own}
    removed = [name for name in reset if sources[name] == own]
    if not written and not removed:
        return
    await _store(unit, section, written, removed, account)
    stored.changed(unit)
    touched = [name for name in section.fields if name in written or name in removed]
    await record(
        unit,
        "settings_changed",
        "settings",
        detail={"section": section.plugin} | ({"account": str(account)} if account else {}),
        old={name: _shown(section, name, before[name]) for name in touched},
        new={name: _shown(section, name, after[name]) for name in touched},
    )
    await unit.emit(SettingsChanged(plugin=section.plugin, keys=tuple(touched), account_id=account))


def _check_reset(section: Section, values: dict[str, Any], reset: tuple[str, ...]) -> None:
    faults = [
        Fault(
            detail=f"{name} is given and reset at once; choose one."
            if name in values
            else f"{section.plugin} has no setting {name} to reset.",
            pointer=f"/data/attributes/reset/{place}",
        )
        for place, name in enumerate(reset)
        if name in values or name not in section.fields
    ]
    if faults:
        raise Invalid(faults=faults)


async def _without(unit: "Unit", section: Section, name: str, account: UUID | None) -> Any:
    if account is None:
        return section.fields[name].default
    inherited, _ = await effective(unit, section)
    return inherited[name]


async def _store(
    unit: "Unit", section: Section, written: dict[str, Any], removed: list[str], account: UUID | None
) -> None:
    columns = stored.TENANT_COLUMNS if section.plugin == "tenancy" else ()
    in_tenant = {name: written.pop(name) for name in columns if name in written}
    in_tenant |= {name: section.fields[name].default for name in columns if name in removed}
    if in_tenant:
        assignments = ", ".join(f"{name} = ${place}" for place, name in enumerate(in_tenant, 3))
        await unit.db.execute(
            f"UPDATE psa.tenant SET {assignments}, updated_at = $2, version = version + 1 WHERE id = $1",
            unit.tenant_id,
            unit.now,
            *in_tenant.values(),
        )
        tenant_id, directory = unit.tenant_id, unit.kernel.directory
        unit.after_commit(lambda: directory.forget(tenant_id))
    if removed:
        await unit.db.execute(_RESET, unit.tenant_id, section.plugin, removed, account)
    for name, value in written.items():
        present: UUID | None = await unit.db.fetch_value(_FIND, unit.tenant_id, section.plugin, name, account)
        row = present or new_id()
        encoded = msgspec.json.encode(value).decode()
        text: str | None = encoded
        secret: bytes | None = None
        if section.fields[name].secret:
            secret = await unit.kernel.keys.seal(unit.tenant_id, "psa.setting", "secret", row, encoded)
            text = None
        if present:
            await unit.db.execute(_UPDATE, row, text, secret, unit.now)
        else:
            await unit.db.execute(_INSERT, row, unit.tenant_id, section.plugin, name, account, text, secret)


def _shown(section: Section, name: str, value: Any) -> Any:
    return _HIDDEN if section.fields[name].secret and value else value
