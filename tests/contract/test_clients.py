"""Clients that others wrote for JSON:API read and write, over a real connection."""

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio
import uvicorn
from jsonapi_client import Filter, Inclusion, Modifier, ResourceTuple, Session
from jsonapi_client.exceptions import DocumentError

SCHEMAS = {
    "companies": {"properties": {"name": {"type": "string"}, "website": {"type": ["string", "null"]}}},
    "contacts": {
        "properties": {
            "first_name": {"type": ["string", "null"]},
            "last_name": {"type": ["string", "null"]},
            "company": {"relation": "to-one", "resource": ["companies"]},
        }
    },
    "tickets": {
        "properties": {
            "title": {"type": "string"},
            "company": {"relation": "to-one", "resource": ["companies"]},
        }
    },
}


@pytest_asyncio.fixture(loop_scope="session")
async def served(kit) -> AsyncGenerator[tuple[str, str]]:
    """Serves the kit's installation; gives the API's address and an administrator's token."""
    admin = await kit.admin()
    token = await kit.installation.credential(admin.person)
    # Named, so that asyncio sends what is short at once: otherwise each answer waits for 40 ms.
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1"
        server = uvicorn.Server(uvicorn.Config(kit.installation.app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve([listening]))
        yield url, token
        server.should_exit = True
        await serving


@contextmanager
def session(served: tuple[str, str]) -> Iterator[Session]:
    url, token = served
    with Session(
        url, schema=SCHEMAS, request_kwargs={"headers": {"Authorization": f"Bearer {token}"}}
    ) as opened:
        yield opened


async def test_jsonapi_client_reads_and_writes(kit, served):
    """PyPI's jsonapi-client: create, read, related records, change, relationship, errors."""

    def work() -> None:
        with session(served) as client:
            company = client.create_and_commit("companies", name="Client Library Ltd")
            assert client.get("companies", company.id).resource.name == "Client Library Ltd"
            # It writes names with hyphens unless they come in a dictionary.
            named = {
                "first_name": "Ada",
                "last_name": "Quill",
                "company": ResourceTuple(company.id, "companies"),
            }
            contact = client.create_and_commit("contacts", named)
            assert contact.company.id == company.id
            found = client.get("contacts", Filter(company=company.id) + Inclusion("company"))
            assert [one["last_name"] for one in found.resources] == ["Quill"]
            company.name = "Client Library plc"
            company.commit()
            # A session keeps what it has read.
            with session(served) as again:
                assert again.get("companies", company.id).resource.name == "Client Library plc"
            other = client.create_and_commit("companies", name="Second Ltd")
            contact.company = other.id
            contact.commit()
            with session(served) as again:
                assert again.get("contacts", contact.id).resource.company.name == "Second Ltd"
            # No delete: it takes the empty body of 204 for broken JSON.
            with pytest.raises(DocumentError, match="404"):
                client.get("companies", "01890000-0000-7000-8000-000000000000")

    await asyncio.to_thread(work)


async def test_jsonapi_client_works_asynchronously(kit, served):
    """The same client on this loop."""
    url, token = served
    headers = {"headers": {"Authorization": f"Bearer {token}"}}
    client = Session(url, schema=SCHEMAS, enable_async=True, request_kwargs=headers)
    try:
        made = await client.create_and_commit("companies", name="Asynchronous Ltd")
        found = await client.get("companies", Filter(name="Asynchronous Ltd"))
        assert [one.id for one in found.resources] == [made.id]
    finally:
        await client.close()


async def test_jsonapi_client_walks_pages(kit, served):
    """`iterate` follows `links.next` to the end."""
    for _ in range(5):
        await kit.make("tickets", title="Paged")

    def work() -> list[str]:
        with session(served) as client:
            query = Filter(title="Paged") + Modifier("page[size]=2")
            return [ticket.id for ticket in client.iterate("tickets", query)]

    found = await asyncio.to_thread(work)
    assert len(found) == len(set(found)) == 5


KITSU = """
import Kitsu from "kitsu";
const [url, token] = process.argv.slice(2);
const api = new Kitsu({baseURL: url, headers: {Authorization: `Bearer ${token}`}, camelCaseTypes: false, pluralize: false});
(async () => {
  const made = await api.create("companies", {name: "Kitsu Ltd"});
  const contact = await api.create("contacts", {first_name: "Ada", last_name: "Quill", company: {data: {type: "companies", id: made.data.id}}});
  await api.update("companies", {id: made.data.id, name: "Kitsu plc"});
  const one = await api.get(`companies/${made.data.id}`);
  const list = await api.get("contacts", {params: {filter: {company: made.data.id}, include: "company"}});
  await api.delete("contacts", contact.data.id);
  let status = 0;
  try { await api.get("companies/01890000-0000-7000-8000-000000000000"); } catch (error) { status = error.response.status; }
  console.log(JSON.stringify({name: one.data.name, included: list.data[0].company.data.name, status}));
})().catch(error => { console.error(error, error.response && JSON.stringify(error.response.data)); process.exit(1); });
"""


@pytest.mark.thorough
@pytest.mark.timeout(300)
async def test_kitsu_reads_and_writes(served, tmp_path: Path):
    """npm's kitsu, installed for this test: create, change, read with include and filter, delete, errors."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("kitsu runs in Node.js, and there is no node and npm on this machine.")
    (tmp_path / "package.json").write_text('{"private": true}')
    (tmp_path / "work.mjs").write_text(KITSU)
    install = await asyncio.create_subprocess_exec(
        npm,
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "kitsu@11",
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await install.communicate()
    assert install.returncode == 0, told.decode()
    run = await asyncio.create_subprocess_exec(
        node,
        "work.mjs",
        *served,
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await run.communicate()
    assert run.returncode == 0, errors.decode()
    assert json.loads(output) == {"name": "Kitsu plc", "included": "Kitsu plc", "status": 404}
