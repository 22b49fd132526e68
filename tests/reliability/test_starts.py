"""R8, R20: starts that collide, are killed in the middle or find things missing; outages of one part."""

import asyncio
import os
import signal
import socket
import time

import httpx
import pytest

from psa_kernel.embedded import EmbeddedPostgres, EmbeddedValkey

from .installation import Installation, Process, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


async def test_two_starts_on_one_new_directory_serve_the_same_installation(new_installation):
    installation = new_installation(empty=True)
    first, second = (installation.command("up", "--port", "0", "--no-demo") for _ in range(2))
    installation.processes |= {"first": first, "second": second}
    for process in (first, second):
        process.says("Ctrl-C stops")
    urls = [
        next(word for word in process.said.split() if word.startswith("http://"))
        for process in (first, second)
    ]
    (people,) = await installation.query("SELECT count(*) AS n FROM psa.account")
    assert people["n"] == 1
    for installation.url in urls:
        headers = installation.log_in()
        document = {"data": {"type": "tickets", "attributes": {"title": installation.url}}}
        assert (
            httpx.post(
                f"{installation.url}/api/v1/tickets", json=document, headers=headers, verify=False
            ).status_code
            == 201
        )
    assert first.stop() == 0, first.said
    assert httpx.get(f"{urls[1]}/health/ready", verify=False).status_code == 200
    listed = httpx.get(f"{urls[1]}/api/v1/tickets", headers=headers, verify=False).json()["data"]
    assert {ticket["attributes"]["title"] for ticket in listed} == set(urls)
    assert second.stop() == 0, second.said


def _children_of_initdb(installation: Installation) -> bool:
    return any((installation.directory / "postgres").glob("data.new.*/base/1"))


MOMENTS = {
    "initdb": _children_of_initdb,
    "servers": lambda installation: (
        installation.directory / "postgres" / "data" / "postmaster.pid"
    ).exists(),
    "migrations": lambda installation: "PostgreSQL and Valkey run" in installation.processes["up"].said,
    "demonstration": lambda installation: "Service desk" in installation.processes["up"].said,
}


async def test_a_first_start_killed_at_any_stage_is_completed_by_the_next(new_installation):
    """R20: the process alone is killed, so that what it started goes on beside its successor."""
    installation = new_installation(empty=True)
    for reached in MOMENTS.values():
        process = installation.command("up", "--port", str(installation.port), "--demo")
        installation.processes["up"] = process
        wait_until(lambda: reached(installation) or not process.running, "the moment to kill")  # noqa: B023
        assert process.running, process.said
        process.kill()
    process = installation.command("up", "--port", str(installation.port), "--demo")
    installation.processes["up"] = process
    process.says("Ctrl-C stops")
    headers = installation.log_in()
    answer = httpx.get(f"{installation.url}/health/ready", verify=False)
    assert answer.status_code == 200, answer.text
    (row,) = await installation.query(
        "SELECT (SELECT count(*) FROM ticketing.ticket) AS tickets, (SELECT count(*) - count(DISTINCT email) FROM psa.account) AS twins,"
        " (SELECT count(*) - count(DISTINCT number) FROM ticketing.ticket) AS doubled,"
        " (SELECT count(*) FROM ticketing.status) AS statuses"
    )
    from psa_ticketing.demo import TICKET_COUNT

    # Mail brings a few more; twice filled there would be twice as many.
    assert TICKET_COUNT <= row["tickets"] < TICKET_COUNT + 100
    assert (row["doubled"], row["twins"], row["statuses"]) == (0, 0, 9)
    assert httpx.get(f"{installation.url}/api/v1/tickets", headers=headers, verify=False).status_code == 200
    assert process.stop() == 0, process.said
    assert not (installation.directory / "postgres" / "data" / "postmaster.pid").exists()


def refused(process: Process) -> str:
    """Wait for a start to fail; it says one sentence and shows no traceback."""
    assert process.ends() == 1, process.said
    assert "Traceback" not in process.said
    (line,) = [line for line in process.said.splitlines() if line.startswith("Error: ")]
    return line


def test_a_taken_port_is_told(new_installation):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(new_installation(empty=True).command("up", "--port", str(port)))
    assert f"127.0.0.1:{port} can't be listened on (Address already in use)" in said
    assert "--port" in said


def test_an_unusable_data_directory_is_told(new_installation):
    installation = new_installation(empty=True)
    blocked = installation.directory.with_name("a file")
    blocked.touch()
    installation.directory = blocked / "data"
    assert f"{installation.directory} can't be used: Not a directory." in refused(
        installation.command("up", "--port", "0")
    )


async def test_tickets_are_worked_on_while_redis_is_down_silent_and_back(new_installation, tmp_path):
    """R8: events wait and are handled when it is back."""
    installation, valkey = new_installation(), EmbeddedValkey(tmp_path)
    url = valkey.ensure()
    pid = int((tmp_path / "valkey" / "valkey.pid").read_text())
    try:
        # Limits as they come: each request may ask Redis.
        limited = {"PSA_REQUESTS_PER_MINUTE": "100000", "PSA_TENANT_REQUESTS_PER_MINUTE": "100000"}
        process = installation.command(
            "up", "--port", str(installation.port), "--no-demo", PSA_REDIS_URL=url, **limited
        )
        installation.processes["up"] = process
        process.says("Ctrl-C stops")
        headers = installation.log_in()
        calm = await worked(installation, headers, "calm")
        os.kill(pid, signal.SIGSTOP)
        silent = await worked(installation, headers, "silent")
        os.kill(pid, signal.SIGKILL)
        down = await worked(installation, headers, "down")
        assert httpx.get(f"{installation.url}/health/live", verify=False).status_code == 200
        assert httpx.get(f"{installation.url}/health/ready", verify=False).status_code == 503
        assert await installation.query("SELECT FROM psa.outbox WHERE done_at IS NULL LIMIT 1")
        assert valkey.ensure() == url
        async with asyncio.timeout(60):
            while await installation.query("SELECT FROM psa.outbox WHERE done_at IS NULL LIMIT 1"):
                await asyncio.sleep(0.1)
        (row,) = await installation.query(
            "SELECT count(*) AS n FROM psa.outbox WHERE name = 'ticketing.ticket_replied'"
        )
        assert row["n"] == 3 * TICKETS
        assert process.stop() == 0, process.said
    finally:
        valkey.stop()
    print(f"\nmedian of a write: calm {calm:.3f} s, Redis silent {silent:.3f} s, down {down:.3f} s")  # noqa: T201
    assert max(silent, down) < max(3 * calm, 0.25)


TICKETS = 8


async def worked(installation: Installation, headers: dict[str, str], mark: str) -> float:
    """Open, note, edit and read tickets, none of which may fail; returns the median seconds of one request."""
    seconds = []
    api = f"{installation.url}/api/v1"

    async with httpx.AsyncClient(headers=headers, timeout=15, verify=False) as client:

        async def sent(method: str, path: str, type_: str = "", **attributes: str) -> httpx.Response:
            began = time.monotonic()
            data = {
                "type": type_,
                "attributes": attributes,
                **({"id": path.rpartition("/")[2]} if method == "PATCH" else {}),
            }
            answer = await client.request(method, api + path, json={"data": data} if type_ else None)
            seconds.append(time.monotonic() - began)
            assert answer.is_success, answer.text
            return answer

        for number in range(TICKETS):
            opened = await sent("POST", "/tickets", "tickets", title=f"{mark} {number}")
            ticket = opened.json()["data"]["id"]
            await sent("POST", f"/tickets/{ticket}/notes", "comments", content=mark, note_type="public")
            await sent("PATCH", f"/tickets/{ticket}", "tickets", external_number=mark)
            await sent("GET", f"/tickets/{ticket}")
    return sorted(seconds)[len(seconds) // 2]


async def test_without_postgresql_every_request_is_told_so_and_serving_goes_on_afterwards(
    new_installation, tmp_path, put_cluster
):
    """R1: 503 documents with Retry-After, never 500; no restart of ours is needed."""
    installation, postgres = new_installation(empty=True), EmbeddedPostgres(put_cluster(tmp_path))
    tmp_path.chmod(0o755)
    urls = postgres.ensure()
    try:
        process = installation.command(
            "up",
            "--port",
            str(installation.port),
            "--no-demo",
            PSA_DATABASE_URL=urls.app,
            PSA_OWNER_DATABASE_URL=urls.owner,
        )
        installation.processes["up"] = process
        process.says("Ctrl-C stops")
        headers = installation.log_in()
        api = f"{installation.url}/api/v1"
        document = {"data": {"type": "tickets", "attributes": {"title": "x"}}}
        statuses: set[int] = set()
        async with httpx.AsyncClient(headers=headers, timeout=15, verify=False) as client:

            async def ask(number: int) -> None:
                for turn in range(12):
                    if turn == 5 and number == 0:
                        postmaster = (
                            (tmp_path / "postgres" / "data" / "postmaster.pid").read_text().split()[0]
                        )
                        os.kill(int(postmaster), signal.SIGKILL)
                    answer = await (
                        client.get(f"{api}/tickets?include=status")
                        if turn % 2
                        else client.post(f"{api}/tickets", json=document)
                    )
                    statuses.add(answer.status_code)
                    if answer.status_code == 503:
                        assert answer.headers["retry-after"] == "1"
                        assert answer.json()["errors"][0]["code"] == "unavailable"

            # Sixteen at once, so that statements of every kind are under way at the kill.
            await asyncio.gather(*(ask(number) for number in range(16)))
            assert statuses == {200, 201, 503}
            assert (await client.get(f"{installation.url}/health/live")).status_code == 200
            assert (await client.get(f"{installation.url}/health/ready")).status_code == 503
            assert (await client.get(f"{api}/tickets")).status_code == 503
            postgres.ensure()
            assert (await client.get(f"{api}/tickets")).status_code == 200
            assert (await client.get(f"{installation.url}/health/ready")).status_code == 200
        assert "internal_error" not in process.said
        assert process.stop() == 0, process.said
    finally:
        postgres.stop()
