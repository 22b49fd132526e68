"""The transaction is settled before the first byte of the answer, and only by a success."""

import asyncio
import contextlib
from urllib.parse import urlsplit

import msgspec
import pytest

from psa_kernel.database.pool import connect_as_owner
from psa_kernel.kernel import Kernel

from .conftest import Desk


async def planted(desk) -> list[str]:
    async with desk.kernel.unit((await desk.kernel.tenants())[0]) as unit:
        rows = await unit.db.fetch("SELECT plugin FROM psa.seeded_plugin ORDER BY 1")
    return [row["plugin"] for row in rows if row["plugin"] not in desk.kernel.registry.plugins]


def plan(title: str) -> dict:
    return {"json": {"data": {"attributes": {"title": title}}}}


async def test_a_success_is_committed_when_it_is_answered(own_desk):
    client = await own_desk.admin()
    assert (await client.post("/api/v1/visits/write", **plan("first"))).status_code == 201
    assert await planted(own_desk) == ["first"]


@pytest.mark.parametrize(("title", "status"), [("conflict", 409), ("crash", 500), ("twice", 409)])
async def test_a_failure_leaves_nothing_behind(own_desk, title, status):
    client = await own_desk.admin()
    assert (await client.post("/api/v1/visits/write", **plan(title))).status_code == status
    assert await planted(own_desk) == []


async def test_a_repeated_post_is_answered_from_store(own_desk):
    """X-06."""
    client = await own_desk.admin()
    sent = {"json": {"data": {"attributes": {"title": "once"}}}, "headers": {"idempotency-key": "k-1"}}
    first = await client.post("/api/v1/visits/write", **sent)
    again = await client.post("/api/v1/visits/write", **sent)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content
    sent["json"] = {"data": {"attributes": {"title": "other"}}}
    assert (await client.post("/api/v1/visits/write", **sent)).status_code == 409


async def test_a_commit_that_fails_is_no_success(own_desk):
    connection = await connect_as_owner(own_desk.kernel.config.owner_database_url)
    await connection.execute(
        """
        CREATE FUNCTION psa.too_late() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'too late' USING ERRCODE = 'integrity_constraint_violation'; END $$;
        CREATE CONSTRAINT TRIGGER too_late AFTER INSERT ON psa.seeded_plugin
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.plugin = 'late') EXECUTE FUNCTION psa.too_late();
        """
    )
    await connection.close()
    client = await own_desk.admin()
    answer = await client.post("/api/v1/visits/write", **plan("late"))
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["code"] == "constraint"
    assert "data" not in answer.json()
    assert (await client.post("/api/v1/visits/write", **plan("good"))).status_code == 201
    assert await planted(own_desk) == ["good"]


async def test_a_get_cannot_write_unless_its_route_says_so(own_desk):
    client = await own_desk.admin()
    assert (await client.get("/api/v1/visits/sneaky")).status_code == 500
    assert (await client.get("/api/v1/visits/audited")).status_code == 204
    assert await planted(own_desk) == ["audited"]


async def test_an_answer_in_parts_reads_until_its_end(own_desk):
    client = await own_desk.admin()
    answer = await client.get("/api/v1/visits/rows")
    assert answer.text.split() == [str(n) for n in range(1, 301)]
    assert own_desk.kernel.pool.get_idle_size() == own_desk.kernel.pool.get_size()


async def test_a_cancelled_request_gives_its_connection_back(own_desk):
    client = await own_desk.admin()
    task = asyncio.create_task(client.get("/api/v1/visits/wait"))
    while (
        own_desk.kernel.pool.get_idle_size() == own_desk.kernel.pool.get_size()
    ):  # until the route has its connection
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert own_desk.kernel.pool.get_idle_size() == own_desk.kernel.pool.get_size()


class Wire:
    """A way to the database that can be cut."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._streams: list[asyncio.StreamWriter] = []
        self.port = 0

    @property
    def url(self) -> str:
        return self._target._replace(
            netloc=f"{self._target.username}:{self._target.password}@127.0.0.1:{self.port}"
        ).geturl()

    async def connect(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for stream in self._streams:
            stream.transport.abort()
        self._streams.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._target.hostname, self._target.port)
        self._streams += [writer, back]
        with contextlib.suppress(OSError):
            await asyncio.gather(self._copy(reader, back), self._copy(there, writer))

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
        target.close()


async def test_a_database_that_is_away_is_unavailable_and_comes_back(own_desk):
    wire = Wire(own_desk.kernel.config.database_url)
    await wire.connect()
    config = msgspec.structs.replace(own_desk.kernel.config, database_url=wire.url)
    async with Kernel.open(config, own_desk.kernel.registry) as kernel:
        away = Desk(kernel)
        client = await away.log_in()
        assert (await client.get("/api/v1/visits/secret")).status_code == 200
        await wire.cut()
        answer = await client.post("/api/v1/visits/write", **plan("away"))
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "1"
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).json() == {"status": "unavailable"}
        await wire.connect()
        assert (await client.post("/api/v1/visits/write", **plan("back"))).status_code == 201
        assert (await client.get("/health/ready")).json() == {"status": "ok"}
    await wire.cut()
