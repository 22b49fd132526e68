"""Reading costs the same for many rows as for few, and shows no secret."""

import re
from typing import Any

import msgspec

from psa_sdk.settings import SECRET_MARK
from psa_sdk.tables import Sealed, new_id
from psa_sdk.testing.battery.declarations import booted
from psa_sdk.testing.battery.house import API, House, report

MANY = 6
_SECRET = re.compile(r"(^|_)(password|secret|token|api_key|private_key)(?!.*_(hash|prefix)$)($|_)")


class ReadChecks:
    """Checks of lists, reports and what they show."""

    async def test_the_number_of_statements_is_constant(self, house: House) -> None:
        """Lists with all includes, and reports, take as many statements for many rows as for one (N+1).

        How many tenants there are changes what a statement says, not how many there are.
        """
        booted(house)
        admin, faults = await house.kit.admin(), list[str]()
        for resource in house.resources:
            await house.record(resource.name)
        reports = [
            one
            for one in house.endpoints
            if one.method == "GET"
            and "/relationships/" not in one.path
            and (house.route(one) is not None or ("{" not in one.path and one.path.endswith(".csv")))
        ]
        before = {one.path: await _count(house, one.path, one.media_type) for one in reports}
        for resource in house.resources:
            for _ in range(MANY):
                await house.kit.make(resource.name)
        for one in reports:
            after = await _count(house, one.path, one.media_type)
            if after >= before[one.path] + MANY // 2:
                faults.append(
                    f"GET {one.path} took {before[one.path]} statements, and {after} with {MANY} rows more."
                )
        for resource in house.resources:
            if "list" not in resource.verbs:
                continue
            include = ",".join(house.installation.relations(resource.name))
            query = f"&include={include}" if include else ""
            few = many = 0
            # What is remembered for a moment may be looked up in between; a cost per row shows up again.
            for _ in range(2):
                few, many = [
                    await _count(house, f"{API}{resource.url}?page[size]={size}{query}", "")
                    for size in (1, MANY)
                ]
                if many <= few:
                    break
            if many > few:
                faults.append(f"GET {resource.url} takes {few} statements for 1 row and {many} for {MANY}.")
        assert admin is not None
        report(faults)

    async def test_secrets_are_sealed(self, house: House) -> None:
        """What is called a password, secret, token or key is a `Sealed` column or a `Secret` setting."""
        booted(house)
        faults: list[str] = []
        for table in house.manifest.tables:
            faults += [
                f"{table.__name__}.{column._meta.name} is stored in the clear; make it Sealed."
                for column in table._meta.columns
                if column.value_type is str
                and _SECRET.search(column._meta.name)
                and f"{table.__name__}.{column._meta.name}" not in house.battery.harmless
            ]
        if house.manifest.settings is not None:
            section = house.manifest.settings
            faults += [
                f"The setting {field.name} is no Secret."
                for field in msgspec.structs.fields(section)
                if _SECRET.search(field.name)
                and _is_text(field.type)
                and not _is_secret(field.type)
                and f"{section.__name__}.{field.name}" not in house.battery.harmless
            ]
        report(faults)

    async def test_secrets_are_never_shown(self, house: House) -> None:
        """A sealed attribute or secret setting, once sent, is in no answer, audit entry or event."""
        booted(house)
        canary = f"canary{new_id().hex}"
        sent = await _plant(house, canary)
        faults: list[str] = []
        if sent:
            admin = await house.kit.admin()
            for endpoint in (one for one in house.endpoints if one.method == "GET"):
                name = house.resource_of(endpoint)
                asked = sent[name] if name in sent else (await house.record(name)).id if name else new_id()
                answer = await admin.get(house.path(endpoint, asked), headers=house.headers(endpoint))
                if canary in answer.text:
                    faults.append(f"GET {endpoint.path} shows a secret.")
            if canary in (await admin.get(f"/settings/{house.plugin}")).text:
                faults.append("The settings show a secret.")
        for table, column in (("audit_entry", "old, e.new, e.detail"), ("outbox", "payload")):
            rows = await house.installation.rows(
                f"SELECT 1 FROM psa.{table} e WHERE row(e.{column})::text LIKE '%' || $1 || '%'", canary
            )
            faults += [f"A secret is in psa.{table}."] if rows else []
        report(faults)


async def _count(house: House, path: str, media_type: str) -> int:
    admin, name = await house.kit.admin(), None
    if "{" in path:
        endpoint = next(one for one in house.endpoints if one.path == path and one.method == "GET")
        name = house.resource_of(endpoint)
        path = house.path(endpoint, (await house.record(name)).id if name else new_id())
    headers = {"Accept": media_type} if media_type else {}
    await admin.get(path, headers=headers)
    async with house.kit.statements() as statements:
        answer = await admin.get(path, headers=headers)
    assert answer.status_code < 500, f"GET {path}: {answer.text}"
    return len(statements)


async def _plant(house: House, canary: str) -> dict[str | None, Any]:
    """Send a secret wherever one is taken; return the records that hold it."""
    admin, sent = await house.kit.admin(), dict[str | None, Any]()
    for resource in house.resources:
        writable = (
            {field.name for field in msgspec.structs.fields(resource.write)} if resource.write else set[str]()
        )
        sealed = [
            column._meta.name
            for column in resource.table._meta.columns
            if isinstance(column, Sealed) and column._meta.name in writable
        ]
        if sealed and "update" in resource.verbs:
            made = await house.record(resource.name)
            answer = await admin.patch(
                f"{resource.url}/{made.id}", dict.fromkeys(sealed, canary), type=resource.name
            )
            assert answer.status_code == 200, answer.text
            sent[resource.name] = made.id
    if house.manifest.settings is not None:
        secrets = [
            field.encode_name
            for field in msgspec.structs.fields(house.manifest.settings)
            if _is_secret(field.type)
        ]
        if secrets:
            values = dict.fromkeys(secrets, canary)
            answer = await admin.patch(f"/settings/{house.plugin}", {"values": values}, type="settings")
            assert answer.status_code == 200, answer.text
            sent[None] = None
    return sent


def _is_secret(kind: Any) -> bool:
    return any(
        isinstance(part, msgspec.Meta)
        and (part.extra_json_schema or {}).get("x-secret") == SECRET_MARK["x-secret"]
        for part in getattr(kind, "__metadata__", ())
    )


def _is_text(kind: Any) -> bool:
    return kind is str or getattr(kind, "__origin__", None) is str
