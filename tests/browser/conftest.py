"""A running installation and a real browser. Where there is no Chromium the tests say so and are skipped."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Coroutine, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect, sync_playwright
from typing_extensions import override

from .noticed import notice

PATIENCE = 120.0
# On a machine that does other things too, what is expected is there later; it is waited for no longer than it takes.
expect.set_options(timeout=30_000)
PASSWORD = "calm rivers beyond the mill 3"
ROOT = Path(__file__).parents[2]
_UNLIMITED = {
    "PSA_REQUESTS_PER_MINUTE": "0",
    "PSA_TENANT_REQUESTS_PER_MINUTE": "0",
    "PSA_ANONYMOUS_REQUESTS_PER_MINUTE": "0",
    # Peers that tests start themselves.
    "PSA_OUTBOUND_NETWORKS": "127.0.0.0/8",
}
_OFF = (
    # Pages of the browser's own, for suggestions below an address bar that nobody sees: as costly as a page of ours.
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
    # What Playwright turns off by the same switch, of which the last one counts.
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "OptimizationHints"),
    *("ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "NetworkTimeServiceQuerying"),
    *("AimEnabled", "PreconnectToSearch"),
)


def beside(work: Coroutine[object, object, None]) -> None:
    """Run asynchronous work in another thread than the browser's driver, which has this one's loop."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


class _Renewed(httpx.Auth):
    """A log-in, renewed before its token ends: on a busy machine the tests take longer than one is good for."""

    def __init__(self, url: str, who: Mapping[str, str]) -> None:
        self.url = url
        self.who = who
        self.log_in()

    def log_in(self) -> None:
        answer = httpx.post(f"{self.url}/api/v1/auth/login", json={"data": {"attributes": self.who}})
        token = answer.json()["data"]["attributes"]["access_token"]
        self.header, self.ends = f"Bearer {token}", time.monotonic() + 600

    @override
    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        if time.monotonic() > self.ends:
            self.log_in()
        request.headers["Authorization"] = self.header
        yield request


class Desk:
    """An installation with a few companies, and its API."""

    owner_database_url = ""

    def __init__(self, url: str, email: str, password: str, tenant: str = "") -> None:
        self.url = url
        self.email = email
        self.password = password
        self.people: dict[str, Desk] = {}
        self.tenant = tenant
        who = {"email": email, "password": password} | ({"tenant": tenant} if tenant else {})
        headers = {"Content-Type": "application/vnd.api+json"}
        self.api = httpx.Client(
            base_url=f"{url}/api/v1", headers=headers, auth=_Renewed(url, who), timeout=30
        )

    def make(
        self, resource: str, to: Mapping[str, tuple[str, str]] | None = None, /, **attributes: object
    ) -> str:
        """Create a record, with relationships to (type, id), and return its id."""
        linked = {name: {"data": {"type": kind, "id": id}} for name, (kind, id) in (to or {}).items()}
        document = {"data": {"type": resource, "attributes": attributes, "relationships": linked}}
        answer = self.api.post(f"/{resource}", json=document)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]["id"]

    def change(self, resource: str, id: str, **attributes: object) -> None:
        """Change a record."""
        document = {"data": {"type": resource, "id": id, "attributes": attributes}}
        answer = self.api.patch(f"/{resource}/{id}", json=document)
        assert answer.status_code == 200, answer.text

    def person(self, email: str, name: str, role: str) -> "Desk":
        """Return somebody else's way to the same installation, made at the first time."""
        if not self.api.get(f"/users?filter[email]={email}").json()["data"]:
            held = self.api.get(f"/roles?filter[key]={role}").json()["data"][0]["id"]
            linked = {"roles": {"data": [{"type": "roles", "id": held}]}}
            document = {
                "data": {
                    "type": "users",
                    "attributes": {"name": name, "email": email},
                    "relationships": linked,
                }
            }
            made = self.api.post("/users", json=document).json()["data"]["id"]
            invited = self.api.post(f"/users/{made}/invitations", json={"data": {"attributes": {}}}).json()
            chosen = {"token": invited["data"]["attributes"]["token"], "new_password": PASSWORD}
            answer = self.api.post("/auth/reset-password", json={"data": {"attributes": chosen}})
            assert answer.status_code == 204, answer.text
        known = self.people.get(email)
        if known is None:
            known = self.people[email] = Desk(self.url, email, PASSWORD)
        return known

    def close(self) -> None:
        """Close all connections."""
        for one in (self, *self.people.values()):
            one.api.close()

    def expire(self, user: str) -> None:
        """Let somebody's password be a year old, in an organisation where it lasts a day."""
        values = {"data": {"type": "settings", "attributes": {"values": {"password_max_age_days": 300}}}}
        assert self.api.patch("/settings/auth", json=values).status_code == 200
        sql = "UPDATE psa.password SET changed_at = now() - interval '1 year' WHERE account = $1"
        self.execute(sql, UUID(user))

    def execute(self, sql: str, *arguments: object) -> None:
        """Run a statement as the owner of the database."""
        beside(self._execute(sql, *arguments))

    async def _execute(self, sql: str, *arguments: object) -> None:
        connection = await asyncpg.connect(self.owner_database_url)
        try:
            await connection.execute(sql, *arguments)
        finally:
            await connection.close()


@contextlib.contextmanager
def started(
    directory: Path, *options: str, environment: Mapping[str, str] | None = None, tenant: str = ""
) -> Generator[Desk]:
    """A started installation; `tenant` is where its `Desk` logs in."""
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "psa_kernel.cli", "up", "--no-demo", "--port", "0"),
                *("--data-dir", str(directory / "data"), *options),
            ],
            env={**os.environ, **_UNLIMITED, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        ready = _ready(process, directory, tenant)
        yield ready
        ready.close()
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="package")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A started installation with some companies."""
    with started(tmp_path_factory.mktemp("desk")) as ready:
        yield _filled(ready)


def _ready(process: "subprocess.Popen[bytes]", directory: Path, tenant: str) -> Desk:
    ends = time.monotonic() + PATIENCE
    connection = directory / "data/connection.json"
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(OSError, ValueError, KeyError, httpx.TransportError):
            found = json.loads(connection.read_text())
            if found["url"] and httpx.get(f"{found['url']}/health/live").status_code == 200:
                ready = Desk(found["url"], found["admin_email"], found["admin_password"], tenant)
                ready.owner_database_url = found["owner_database_url"]
                return ready
        time.sleep(0.1)
    raise AssertionError(f"psa up didn't start:\n{(directory / 'log').read_text()[-3000:]}")


def _filled(desk: Desk) -> Desk:
    for number in range(60):
        kind = ("client", "prospect", "vendor")[number % 3]
        # First in every list by name, whatever other tests make.
        desk.make("companies", name=f"AA Sample Company {number:02}", company_type=kind, tags=["managed"])
    return desk


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or the one that PSA_CHROMIUM names."""
    with sync_playwright() as playwright:
        found = launched(playwright.chromium)
        yield found
        found.close()


def launched(kind: BrowserType, *options: str) -> Browser:
    """Start Chromium; where there is none the test says so and is skipped."""
    # The first is Chromium without the windows, tabs and bars of a desktop, which nobody sees here.
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("PSA_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip(
            "There is no Chromium here; install it (apt-get install chromium-headless-shell) or set PSA_CHROMIUM."
        )
    return kind.launch(
        executable_path=path, args=["--no-sandbox", f"--disable-features={','.join(_OFF)}", *options]
    )


@pytest.fixture(scope="package")
def session(chromium: Browser, desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cookies of a log-in, to begin with."""
    return logged_in(chromium, desk, tmp_path_factory.mktemp("session") / "state.json")


def logged_in(chromium: Browser, desk: Desk, kept: Path, *, tenant: str = "") -> Path:
    """Log in, in another tenant than the desk's if one is given, and return where the cookies are kept."""
    context = chromium.new_context(base_url=desk.url)
    page = context.new_page()
    page.goto("/ui/login")
    if tenant or desk.tenant:
        page.get_by_label("Organisation").fill(tenant or desk.tenant)
    page.get_by_label("E-mail address").fill(desk.email)
    page.get_by_label("Password").fill(desk.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/ui/")
    context.storage_state(path=kept)
    context.close()
    return kept


def watched(context: BrowserContext, desk: Desk | str) -> tuple[Page, list[str]]:
    """Return a page and what is wrong with it: console errors, violated policies, requests elsewhere than home."""
    page, wrong = context.new_page(), list[str]()
    home = urlsplit(desk if isinstance(desk, str) else desk.url).netloc
    expected = ("the server responded with a status of 4",)  # forms that are refused

    def said(message: object) -> None:
        kind, text = getattr(message, "type", ""), getattr(message, "text", "")
        if kind in {"error", "warning"} and not any(known in text for known in expected):
            wrong.append(text)

    def asked(request: object) -> None:
        url = str(getattr(request, "url", ""))
        if urlsplit(url).netloc not in {"", home}:
            wrong.append(f"a request to {url}")

    page.on("console", said)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", asked)
    return page, wrong


@pytest.fixture
def page(chromium: Browser, desk: Desk, session: Path) -> Iterator[Page]:
    """A page of somebody logged in; the test fails when the browser finds anything wrong with it."""
    # Who looks at colours needn't wait for those that are on their way.
    context = chromium.new_context(
        base_url=desk.url,
        storage_state=session,
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    notice(context)
    page, wrong = watched(context, desk)
    yield page
    context.close()
    assert wrong == []
