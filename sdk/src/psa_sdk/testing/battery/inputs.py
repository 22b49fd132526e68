"""Whatever a client sends, a failure is told as the client's: never a 5xx, and nonsense is never taken."""

import datetime
from typing import Any

import msgspec

from psa_sdk.tables import new_id
from psa_sdk.testing.battery.declarations import booted
from psa_sdk.testing.battery.house import House, report
from psa_sdk.testing.client import document
from psa_sdk.testing.installation import Endpoint
from psa_sdk.testing.kit import Kit

_NONSENSE = (b"{", b"null", b"[]", b'{"data": 5}', b'{"data": {"attributes": 7}}', b"\xff\xfe")
_STRANGE: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**30,
    "",
    "\0",
    "\u202e" * 9,
    "9" * 5000,
    "' OR 1=1; --",
    datetime.date.min.isoformat(),
    "00000000-0000-0000-0000-000000000000",
    [],
    ["", None],
    {"wrong": True},
)
_QUERIES: tuple[dict[str, str], ...] = (
    {"nonsense": "1"},
    {"page[size]": "-1"},
    {"page[size]": "many"},
    {"page[after]": "nonsense"},
    {"sort": "nonsense"},
    {"include": "nonsense"},
    {"fields[nonsense]": "x"},
    {"filter[nonsense]": "x"},
)


class InputChecks:
    """Checks of bad input, sent by an administrator whom nothing else keeps out."""

    async def test_nonsense_is_refused(self, house: House) -> None:
        """Broken and misshapen documents answer 4xx everywhere a document is taken.

        Routes are sent all of them, the platform's own for resources two, by turns: they read with one code.
        """
        booted(house)
        admin, faults = await house.kit.admin(), list[str]()
        for turn, endpoint in enumerate(filter(house.takes_document, house.endpoints)):
            alike = house.route(endpoint) is None
            name = house.resource_of(endpoint) if "{" in endpoint.path else None
            path = house.path(endpoint, (await house.record(name)).id if name else new_id())
            for text in (_NONSENSE * 2)[turn % len(_NONSENSE) :][:2] if alike else _NONSENSE:
                answer = await admin.request(
                    endpoint.method, path, content=text, headers=house.headers(endpoint)
                )
                if not 400 <= answer.status_code < 500:
                    faults.append(
                        f"{endpoint.method} {endpoint.path} answers {answer.status_code} to {text!r}."
                    )
        report(faults)

    async def test_strange_values_never_break_anything(self, house: House) -> None:
        """Every attribute of every document is sent strange values: they are taken or refused, not failed on."""
        booted(house)
        # In a tenant of its own: some of it is taken, and then holds.
        kit = await Kit.open(house.installation, samples=house.battery.samples)
        admin, faults = await kit.admin(), list[str]()
        for resource in house.resources:
            if resource.write is None or "update" not in resource.verbs:
                continue
            path = f"{resource.url}/{(await kit.make(resource.name)).id}"
            for turn, field in enumerate(msgspec.structs.fields(resource.write)):
                for value in _strange(field.type, turn):
                    answer = await admin.patch(path, {field.encode_name: value}, type=resource.name)
                    if answer.status_code >= 500:
                        faults.append(f"{resource.name}.{field.encode_name} breaks on {str(value)[:60]!r}.")
        for endpoint in house.endpoints:
            if house.route(endpoint) is not None and house.takes_document(endpoint):
                faults += await _strange_actions(house, kit, endpoint)
        report(faults)

    async def test_strange_queries_are_refused(self, house: House) -> None:
        """Unknown parameters, fields, sorts and broken cursors answer 400 with the parameter's name."""
        booted(house)
        admin, faults = await house.kit.admin(), list[str]()
        for resource in house.resources:
            if "list" not in resource.verbs:
                continue
            for query in _QUERIES:
                answer = await admin.get(resource.url, params=query)
                if answer.status_code != 400 or "parameter" not in answer.json()["errors"][0].get(
                    "source", {}
                ):
                    faults.append(f"GET {resource.url} answers {answer.status_code} to {query}.")
        for endpoint in house.endpoints:
            if endpoint.method == "GET" and house.route(endpoint) is not None:
                answer = await admin.get(
                    house.path(endpoint, new_id()), headers=house.headers(endpoint), params={"nonsense": "1"}
                )
                if answer.status_code >= 500:
                    faults.append(f"GET {endpoint.path} breaks on an unknown parameter.")
        report(faults)


def _strange(kind: Any, turn: int) -> list[Any]:
    """Return the values that an attribute's type lets through to the plugin, and one of those that it refuses.

    What the type refuses never comes to any rule, and the refusal is the same code for all attributes.
    """
    unfit = [value for value in _STRANGE if not _fits(value, kind)]
    return [*(value for value in _STRANGE if _fits(value, kind)), *unfit[turn % max(len(unfit), 1) :][:1]]


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    except TypeError:
        return True  # a type that only the platform knows how to read
    return True


async def _strange_actions(house: House, kit: Kit, endpoint: Endpoint) -> list[str]:
    admin, kind = await kit.admin(), house.body_struct(endpoint)
    if kind is None:
        return []
    name, faults = house.resource_of(endpoint) if "{" in endpoint.path else None, list[str]()
    for turn, field in enumerate(msgspec.structs.fields(kind)):
        for value in _strange(field.type, turn):
            record = (await house.record(name, kit)).id if name else new_id()
            content = document("", {field.encode_name: value}, None, house.installation)
            answer = await admin.request(
                endpoint.method,
                house.path(endpoint, record),
                content=content,
                headers=house.headers(endpoint),
            )
            if answer.status_code >= 500:
                faults.append(
                    f"{endpoint.method} {endpoint.path} breaks on {field.encode_name} {str(value)[:60]!r}."
                )
    return faults
