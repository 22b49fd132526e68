"""Every route and verb asks for a permission, of everybody (KRN-07)."""

from collections.abc import Mapping
from uuid import UUID

from psa_sdk.routes import AUTHENTICATED
from psa_sdk.tables import new_id
from psa_sdk.testing.battery.declarations import booted
from psa_sdk.testing.battery.house import API, House, report
from psa_sdk.testing.battery.tenancy_marks import IN_BOTH
from psa_sdk.testing.client import Client
from psa_sdk.testing.installation import Endpoint
from psa_sdk.testing.kit import Kit


class AccessChecks:
    """Checks of who gets in."""

    @IN_BOTH
    async def test_nobody_gets_in_without_logging_in(self, house: House) -> None:
        """Anonymous requests are answered 401, except by public routes."""
        booted(house)
        faults: list[str] = []
        for endpoint in house.endpoints:
            if not endpoint.public:
                faults += await refused(house, house.kit.anonymous(), endpoint, 401)
        report(faults)

    @IN_BOTH
    async def test_staff_without_grants_are_refused(self, house: House) -> None:
        """Without the permission every route and verb answers 403, also for ids that don't exist."""
        booted(house)
        client, faults = await house.kit.staff(), list[str]()
        for endpoint in house.endpoints:
            route = house.route(endpoint)
            open_to_all = endpoint.public or (route is not None and route.permission == AUTHENTICATED)
            if not open_to_all:
                expected = 401 if endpoint.audience == "portal" else 403
                faults += await refused(house, client, endpoint, expected)
        report(faults)

    @IN_BOTH
    async def test_the_portal_has_no_staff_routes(self, house: House) -> None:
        """A client who was granted everything gets 401 from staff routes and 404 without a portal scope."""
        booted(house)
        company = await company_of(house)
        client, faults = await house.kit.portal(company, "*", admin=True), list[str]()
        for endpoint in house.endpoints:
            if endpoint.audience == "staff" and not endpoint.public:
                faults += await refused(house, client, endpoint, 401)
            if endpoint.audience != "both" or house.route(endpoint) is not None:
                continue
            head = endpoint.path.removeprefix(API).partition("/{")[0].removesuffix(".csv")
            for name in (one.name for one in house.resources if one.url == head and one.portal is None):
                faults += [
                    f"{fault} ({name} has no portal scope)"
                    for fault in await refused(house, client, endpoint, 404)
                ]
        report(faults)

    async def test_a_switched_off_module_is_not_there(self, house: House) -> None:
        """Every route of a disabled module answers 404 `module_disabled`, and works again afterwards."""
        booted(house)
        if house.plugin not in {name for name in house.installation.manifests if not _builtin(house, name)}:
            return
        kit = await Kit.open(house.installation, samples=house.battery.samples)
        admin, faults = await kit.admin(), list[str]()
        await house.installation.switch(kit.tenant_id, house.plugin, on=False)
        for endpoint in house.endpoints:
            # Named, since a route may look at no credential (`own_authorization`).
            named = {"X-Tenant": kit.slug}
            faults += await refused(house, admin, endpoint, 404, code="module_disabled", named=named)
        await house.installation.switch(kit.tenant_id, house.plugin, on=True)
        for resource in house.resources:
            if "list" in resource.verbs:
                answer = await admin.get(resource.url)
                if answer.status_code != 200:
                    faults.append(
                        f"GET {resource.url} answers {answer.status_code} after the module is on again."
                    )
        report(faults)


async def refused(
    house: House,
    client: Client,
    endpoint: Endpoint,
    status: int,
    *,
    code: str = "",
    named: Mapping[str, str] | None = None,
) -> list[str]:
    """Return a fault unless an endpoint answers a request about a random id with this status (and code)."""
    unknown = new_id()
    path = house.path(endpoint, unknown)
    answer = await client.request(
        endpoint.method,
        path,
        content=house.body(endpoint, unknown),
        headers={**house.headers(endpoint), **(named or {})},
    )
    if answer.status_code != status:
        return [
            f"{endpoint.method} {endpoint.path} answers {answer.status_code}, not {status}: {answer.text[:300]}"
        ]
    if code and answer.json()["errors"][0]["code"] != code:
        return [f"{endpoint.method} {endpoint.path} answers {answer.text[:200]}, not {code}."]
    return []


async def company_of(house: House) -> UUID:
    """Return a company of the house, a made-up one where no plugin has companies."""
    if "companies" in house.installation.resources:
        return (await house.record("companies")).id
    return new_id()


def _builtin(house: House, name: str) -> bool:
    return house.installation.packages[name].__name__.startswith("psa_kernel.")
