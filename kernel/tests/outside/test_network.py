"""Connections to machines that tenants name: never inward, never elsewhere than where the check looked (S20)."""

import asyncio
import socket

import pytest

from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.builtin.tenancy.provisioning import ensure_single, provision
from psa_sdk.errors import Invalid, Problem, TooLarge, Unavailable
from psa_sdk.network import Network

INWARD = (
    "127.0.0.1", "127.1", "127.0.0.0x1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "localhost", "10.0.0.1",
    "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.8",
    "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "[::1]", "::", "fe80::1", "fc00::1",
    "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::", "2001:db8::1",
)  # fmt: skip
URLS = (
    "http://127.0.0.1/", "http://[::1]:8080/", "https://169.254.169.254/latest/meta-data/", "http://2130706433/",
    "ftp://example.com/", "file:///etc/passwd", "gopher://127.0.0.1:25/", "http://user@127.0.0.1/", "//127.0.0.1/",
    "http:///etc/passwd", "http://", "not a url",
)  # fmt: skip


@pytest.fixture(scope="module")
async def kernel(lasting_kernel):
    kernel = await lasting_kernel(multi_tenant=False, outbound_networks=("127.0.0.2/32",))
    await ensure_single(kernel)
    return kernel


@pytest.fixture
async def network(kernel):
    async with kernel.unit(SINGLE_TENANT) as unit:
        yield unit.service(Network)


@pytest.mark.parametrize("host", INWARD)
async def test_what_only_the_server_can_see_is_refused(network, host):
    with pytest.raises(Problem) as refused:
        await network.addresses(host, 993)
    assert refused.value.code in {"address_refused", "host_unknown"}


@pytest.mark.parametrize("url", URLS)
async def test_requests_go_to_public_http_servers_only(network, url):
    with pytest.raises(Invalid):
        await network.request("GET", url)


async def test_public_addresses_and_networks_of_the_operator_are_let_through(network):
    assert await network.addresses("93.184.215.14", 443) == ["93.184.215.14"]
    assert await network.addresses("127.0.0.2", 443) == ["127.0.0.2"]
    assert network.is_opened("::ffff:127.0.0.2")
    assert not network.is_opened("93.184.215.14")


async def test_a_name_that_changes_its_address_is_connected_to_where_it_was_checked(
    network, served, monkeypatch
):
    """DNS rebinding: the second answer is never asked for."""
    asked = []

    async def resolver(host, port, **_):
        asked.append(host)
        address = "127.0.0.2" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolver, raising=False)
    answer = await network.request("GET", f"http://mail.example.com:{served.port}/")
    assert (answer.status, answer.content, asked) == (200, b"hello", ["mail.example.com"])
    assert f"host: mail.example.com:{served.port}".encode() in served.seen[0].lower()


async def test_redirects_are_answers_and_long_or_slow_answers_end(network, served):
    url = f"http://127.0.0.2:{served.port}"
    assert (await network.request("GET", f"{url}/redirect")).headers["location"] == "http://169.254.169.254/"
    with pytest.raises(TooLarge):
        await network.request("GET", url, max_bytes=4)
    with pytest.raises(Unavailable):
        await network.request("GET", f"{url}/never", seconds=0.2)


async def test_links_lead_to_the_address_that_people_use(new_kernel):
    kernel = await new_kernel(multi_tenant=True, public_url="https://desk.example.com")
    tenant = await provision(kernel, slug="acme", name="Acme")
    async with kernel.unit(tenant) as unit:
        assert unit.service(Network).home == "https://acme.desk.example.com"


class Served:
    """A web server of three pages."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.port = 0

    async def answer(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        self.seen.append(head)
        if head.startswith(b"GET /redirect"):
            writer.write(
                b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
            )
        elif not head.startswith(b"GET /never"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        else:
            await reader.read()
        writer.close()


@pytest.fixture
async def served():
    page = Served()
    server = await asyncio.start_server(page.answer, "127.0.0.2", 0)
    page.port = server.sockets[0].getsockname()[1]
    yield page
    server.close()
