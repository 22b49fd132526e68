"""TEN-13: a host belongs to one tenant and is served once DNS proves it."""

import asyncio

import dns.message
import dns.rrset
import pytest
from dns.asyncresolver import Resolver

from psa_kernel.builtin.tenancy import SINGLE_TENANT, hosts
from psa_kernel.builtin.tenancy.provisioning import provision
from psa_sdk.errors import Conflict, NotFound, Unavailable
from psa_sdk.tables import new_id

ADMIN = {"admin_email": "admin@example.com", "admin_password": "a long enough passphrase"}
HOST = "desk.north.example.com"


class NameServer(asyncio.DatagramProtocol):
    """Answers TXT questions from `records`."""

    def __init__(self):
        self.records = {}

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        query = dns.message.from_wire(data)
        name = query.question[0].name
        answer = dns.message.make_response(query)
        texts = self.records.get(name.to_text(omit_final_dot=True))
        if texts is None:
            answer.set_rcode(3)
        else:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *texts))
        self.transport.sendto(answer.to_wire(), address)


@pytest.fixture
async def dns_server():
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    server.resolver = Resolver(configure=False)
    server.resolver.nameservers = ["127.0.0.1"]
    server.resolver.port = transport.get_extra_info("sockname")[1]
    server.resolver.cache = None
    yield server
    transport.close()


@pytest.fixture
async def kernel(rewound_kernel):
    return await rewound_kernel(first=ADMIN)


async def by_operator(kernel, act, *arguments):
    async with kernel.unit(SINGLE_TENANT) as unit:
        return await act(unit, *arguments)


async def test_a_host_is_served_once_its_record_is_there(kernel, dns_server):
    north = await provision(kernel, slug="north", name="North IT")
    await by_operator(kernel, hosts.claim, north, HOST)
    async with kernel.unit(SINGLE_TENANT) as unit:
        token = await unit.db.fetch_value("SELECT token FROM psa.tenant_host")
    for records in ({}, {f"_psa.{HOST}": ['"something else"']}):
        dns_server.records = records
        with pytest.raises(Conflict, match=token):
            await by_operator(kernel, hosts.verify, north, HOST, dns_server.resolver)
        assert await kernel.directory.by_host(HOST) is None
    dns_server.records = {f"_psa.{HOST}": ['"v=other"', f'"{token[:9]}" "{token[9:]}"']}
    await by_operator(kernel, hosts.verify, north, HOST, dns_server.resolver)
    assert (await kernel.directory.by_host(HOST)).id == north
    await by_operator(kernel, hosts.verify, north, HOST)
    await by_operator(kernel, hosts.release, north, HOST)
    assert await kernel.directory.by_host(HOST) is None


async def test_a_claimed_host_cannot_be_claimed_by_another(kernel):
    north = await provision(kernel, slug="north", name="North IT")
    south = await provision(kernel, slug="south", name="South IT")
    await by_operator(kernel, hosts.claim, north, HOST)
    with pytest.raises(Conflict):
        await by_operator(kernel, hosts.claim, south, HOST)
    for act in (hosts.verify, hosts.release):
        with pytest.raises(NotFound):
            await by_operator(kernel, act, south, HOST)
    with pytest.raises(NotFound):
        await by_operator(kernel, hosts.claim, new_id(), "other.example.com")


async def test_a_silent_name_server_is_no_verdict(kernel, dns_server):
    north = await provision(kernel, slug="north", name="North IT")
    await by_operator(kernel, hosts.claim, north, HOST)
    dns_server.resolver.port = 9
    dns_server.resolver.lifetime = 0.2  # seconds, of all tries together
    with pytest.raises(Unavailable):
        await by_operator(kernel, hosts.verify, north, HOST, dns_server.resolver)


async def test_the_routes_claim_list_and_release(kernel, new_client):
    north = await provision(kernel, slug="north", name="North IT", **ADMIN)
    operator = await new_client(kernel)
    made = await operator.post(f"/tenants/{north}/hosts", {"host": HOST})
    assert made.status_code == 201, made.text
    record = made.json()["data"]["attributes"]
    assert record["txt_name"] == f"_psa.{HOST}"
    assert record["txt_value"].startswith("psa-")
    assert (await operator.post(f"/tenants/{north}/hosts", {"host": "Not A Host"})).status_code == 422
    listed = (await operator.get(f"/tenants/{north}/hosts")).json()["data"]
    assert [item["id"] for item in listed] == [HOST]
    theirs = await new_client(kernel, tenant="north")
    assert (await theirs.get(f"/tenants/{north}/hosts")).status_code in {403, 404}
    assert (await operator.call("DELETE", f"/tenants/{north}/hosts/{HOST}")).status_code == 204
    assert (await operator.get(f"/tenants/{north}/hosts")).json()["data"] == []
