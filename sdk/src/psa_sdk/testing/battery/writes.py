"""What is written is what was sent, once, and leaves its traces (TIC-04, AUD, API)."""

import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk.resources import Resource
from psa_sdk.tables import Sealed, new_id
from psa_sdk.testing import values
from psa_sdk.testing.battery.declarations import booted
from psa_sdk.testing.battery.house import House, data_of, report
from psa_sdk.testing.battery.tenancy_marks import IN_BOTH


class WriteChecks:
    """Checks of create, update and delete through the API."""

    async def test_each_writable_attribute_holds_what_was_sent(self, house: House) -> None:
        """PATCH with another value, then GET, for every writable attribute (TIC-04).

        No attribute depends on how many tenants there are; that records are written with one is another check.
        """
        booted(house)
        admin, faults = await house.kit.admin(), list[str]()
        for resource in house.resources:
            for field in _fields(resource):
                if (
                    f"{resource.name}.{field.encode_name}" in house.battery.fixed
                    or "update" not in resource.verbs
                ):
                    continue
                made = await house.record(resource.name)
                sent = _value(house, resource, field)
                answer = await admin.patch(
                    f"{resource.url}/{made.id}", {field.encode_name: sent}, type=resource.name
                )
                if answer.status_code != 200:
                    faults.append(
                        f"{resource.name}.{field.encode_name} refuses {sent!r}: {answer.text[:300]} "
                        "(give a sample, or a reason in `fixed`)"
                    )
                    continue
                if field.name not in {one.name for one in msgspec.structs.fields(resource.read)}:
                    continue
                held = data_of(await admin.get(f"{resource.url}/{made.id}"))["attributes"].get(
                    field.encode_name
                )
                if isinstance(resource.table._meta.get_column_by_name(field.name), Sealed):
                    sent = True
                if not same(sent, held):
                    faults.append(
                        f"{resource.name}.{field.encode_name} holds {held!r} after {sent!r} was sent."
                    )
        report(faults)

    @IN_BOTH
    async def test_read_only_attributes_are_refused(self, house: House) -> None:
        """An attribute that only answers hold is refused in a document, never dropped in silence."""
        booted(house)
        admin, faults = await house.kit.admin(), list[str]()
        for resource in house.resources:
            if "update" not in resource.verbs:
                continue
            writable = {field.encode_name for field in _fields(resource)} | _added(house, resource)
            made = await house.record(resource.name)
            shown = data_of(await admin.get(f"{resource.url}/{made.id}")).get("attributes", {})
            for name in shown.keys() - writable:
                answer = await admin.patch(
                    f"{resource.url}/{made.id}", {name: shown[name]}, type=resource.name
                )
                if answer.is_success or answer.status_code >= 500:
                    faults.append(
                        f"{resource.name}.{name} is read-only, and sending it answers {answer.status_code}."
                    )
        report(faults)

    @IN_BOTH
    async def test_every_write_is_audited_and_told(self, house: House) -> None:
        """Create, update and delete each leave an audit entry and a record event."""
        booted(house)
        admin, faults = await house.kit.admin(), list[str]()
        for resource in house.resources:
            if "create" not in resource.verbs:
                continue
            made = await house.kit.make(resource.name)
            expected = ["created"]
            field = next((one for one in _fields(resource) if _changes(house, resource, one)), None)
            if field is not None and "update" in resource.verbs:
                sent = _value(house, resource, field)
                answer = await admin.patch(
                    f"{resource.url}/{made.id}", {field.encode_name: sent}, type=resource.name
                )
                expected += ["updated"] if answer.status_code == 200 else []
            if "delete" in resource.verbs:
                answer = await admin.delete(f"{resource.url}/{made.id}")
                expected += ["deleted"] if answer.status_code == 204 else []
                if answer.status_code not in {204, 409, 422}:
                    faults.append(
                        f"DELETE {resource.url}/{{id}} answers {answer.status_code}: {answer.text[:200]}"
                    )
            told = await _told(house, resource, made.id)
            audited = await house.installation.rows(
                "SELECT action FROM psa.audit_entry WHERE record_id = $1 AND resource = $2",
                made.id,
                resource.name,
            )
            archived = {"deleted": {"deleted", "updated"} if resource.archive is not None else {"deleted"}}
            faults += [
                f"{resource.name} was {action} and no record event tells it; told are {told}."
                for action in expected
                if not archived.get(action, {action}) & set(told)
            ]
            if len(audited) < len(expected):
                faults.append(f"{resource.name}: {len(expected)} writes left {len(audited)} audit entries.")
        report(faults)

    @IN_BOTH
    async def test_a_stale_write_is_refused(self, house: House) -> None:
        """If-Match with an old ETag answers 412, with the present one it works; If-None-Match answers 304.

        Not for records that another plugin extends: their version doesn't tell of the extension's values.
        """
        booted(house)
        admin, faults = await house.kit.admin(), list[str]()
        manifests = house.installation.manifests.values()
        extended = {one.resource for manifest in manifests for one in manifest.extensions}
        for resource in house.resources:
            if not {"get", "update"} <= resource.verbs:
                continue
            made = await house.record(resource.name)
            url = f"{resource.url}/{made.id}"
            tag = (await admin.get(url)).headers.get("etag", "")
            again = await admin.get(url, headers={"If-None-Match": tag})
            if again.status_code != 304 and resource.name not in extended:
                faults.append(f"GET {resource.url}/{{id}} ignores If-None-Match (ETag {tag!r}).")
            answer = await admin.patch(url, {}, headers={"If-Match": 'W/"0"'}, type=resource.name)
            if answer.status_code != 412:
                faults.append(f"PATCH {resource.url}/{{id}} with an old ETag answers {answer.status_code}.")
            answer = await admin.patch(url, {}, headers={"If-Match": tag}, type=resource.name)
            if answer.status_code != 200:
                faults.append(
                    f"PATCH {resource.url}/{{id}} with the present ETag answers {answer.status_code}."
                )
        report(faults)

    @IN_BOTH
    async def test_a_repeated_post_has_its_effect_once(self, house: House) -> None:
        """The same Idempotency-Key gives the same answer and no second record."""
        booted(house)
        admin, faults = await house.kit.admin(), list[str]()
        for resource in house.resources:
            sample = house.battery.samples.get(resource.name, {})
            if "create" not in resource.verbs or callable(sample):
                continue
            content = await house.kit.make.document(resource.name)
            headers = {"Idempotency-Key": new_id().hex}
            answers = [
                await admin.request("POST", resource.url, content=content, headers=headers) for _ in range(2)
            ]
            if [answer.status_code for answer in answers] != [201, 201]:
                faults.append(
                    f"POST {resource.url} twice answers {[answer.text[:200] for answer in answers]}"
                )
            elif answers[0].json()["data"]["id"] != answers[1].json()["data"]["id"]:
                faults.append(f"POST {resource.url} with one Idempotency-Key made two records.")
        report(faults)

    @IN_BOTH
    async def test_only_declared_events_are_emitted(self, house: House) -> None:
        """What the plugin has written to the outbox by now is declared, and nothing waits for ever."""
        booted(house)
        for resource in house.resources:
            await house.record(resource.name)
        faults: list[str] = []
        declared = {event.name for one in house.installation.manifests.values() for event in one.events}
        rows = await house.installation.rows("SELECT DISTINCT name FROM psa.outbox WHERE kind = 'event'")
        faults += [
            f"{row['name']} was emitted and is declared by no plugin."
            for row in rows
            if row["name"] not in declared
        ]
        await house.kit.drain()
        report(faults)


def _added(house: House, resource: Resource) -> set[str]:
    """Return the writable attributes that extensions give a resource."""
    return {
        field.encode_name
        for manifest in house.installation.manifests.values()
        for extension in manifest.extensions
        if extension.resource == resource.name and extension.write is not None
        for field in msgspec.structs.fields(extension.write)
    }


def _fields(resource: Resource) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(resource.write) if resource.write is not None else ()


def _changes(house: House, resource: Resource, field: msgspec.structs.FieldInfo) -> bool:
    return (
        f"{resource.name}.{field.encode_name}" not in house.battery.fixed
        and field.name not in resource.unaudited
    )


def _value(house: House, resource: Resource, field: msgspec.structs.FieldInfo) -> Any:
    """Return a value that the attribute doesn't hold already."""
    sample = house.kit.make.sample(resource.name)
    n = house.kit.number()
    if field.encode_name in sample:
        given = sample[field.encode_name]
        return given(n) if callable(given) else given
    return values.value(field.type, field.encode_name, n)


def same(sent: Any, held: Any) -> bool:
    """Tell whether an answer holds what was sent, however it writes numbers, instants and sets."""
    if sent == held:
        return True
    if isinstance(sent, dict) and isinstance(held, dict):
        return all(same(value, held.get(name)) for name, value in sent.items())  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    if isinstance(sent, list) and isinstance(held, list):
        return sorted(map(str, sent)) == sorted(map(str, held))  # pyright: ignore[reportUnknownArgumentType]
    try:
        return Decimal(str(sent)) == Decimal(str(held))
    except InvalidOperation:
        pass
    try:
        return datetime.datetime.fromisoformat(str(sent)) == datetime.datetime.fromisoformat(str(held))
    except (ValueError, TypeError):
        return False


async def _told(house: House, resource: Resource, id: UUID) -> list[str]:
    rows = await house.installation.rows(
        "SELECT name FROM psa.outbox WHERE kind = 'record' AND payload ->> 'id' = $1", str(id)
    )
    return [
        row["name"].removeprefix(f"{resource.name}.") for row in rows if row["name"].startswith(resource.name)
    ]
