# ruff: noqa: INP001, S603, T201 - a script that starts the product and tells what it made
"""Makes the pictures of the README and of these pages: `python docs/images/make.py`.

Starts an installation of its own with the demonstration's data, looks at it with Chromium as a person would, and
writes WebP that the browser itself packs. Asks for the packages of the development group and for the built assets.
"""

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

HERE: Final = Path(__file__).parent
PATIENCE: Final = 180.0
QUALITY: Final = 0.82
_PACK: Final = """
async ({shot, quality}) => {
  const picture = new Image();
  picture.src = `data:image/png;base64,${shot}`;
  await picture.decode();
  const canvas = Object.assign(document.createElement('canvas'), {width: picture.width, height: picture.height});
  canvas.getContext('2d').drawImage(picture, 0, 0);
  return canvas.toDataURL('image/webp', quality).split(',')[1];
}"""


def first_row(page: Page) -> None:
    """Stand on the first row, as people do who work by keyboard."""
    page.keyboard.press("j")
    page.locator("tr[aria-current=true]").wait_for()


def open_talk(page: Page) -> None:
    """Open a ticket that is being talked about: the first one with news."""
    page.locator("tbody a.title.unread").first.click()
    page.locator("#ticket .composer").wait_for()


def open_client(page: Page) -> None:
    """Open the company whose person has the portal: much hangs on it."""
    page.get_by_role("link", name="Ashfield Bakery").first.click()
    page.locator(".record").first.wait_for()


PICTURES: Final[Mapping[str, tuple[str, str, int, Callable[[Page], None] | None]]] = {
    "home": ("/ui/", "light", 1440, None),
    "tickets": ("/ui/tickets", "light", 1440, first_row),
    "ticket-dark": ("/ui/tickets", "dark", 1440, open_talk),
    "board": ("/ui/tickets/board", "light", 1440, None),
    "company": ("/ui/companies", "light", 1440, open_client),
    "phone": ("/ui/tickets", "light", 390, None),
    "portal": ("/portal/", "light", 1440, None),
}
"""Address, theme, width, and what is done before the picture, by file name."""


@contextlib.contextmanager
def demonstration(directory: Path) -> Generator[Mapping[str, str]]:
    """Run an installation with the demonstration's data; yields what `connection.json` says."""
    command = [sys.executable, "-m", "psa_kernel.cli", "up", "--demo", "--port", "0"]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--data-dir", str(directory / "data")],
            env={**os.environ, "PSA_REQUESTS_PER_MINUTE": "0", "PSA_TENANT_REQUESTS_PER_MINUTE": "0"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _ready(process, directory)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _ready(process: "subprocess.Popen[bytes]", directory: Path) -> Mapping[str, str]:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(OSError, ValueError, KeyError):
            found = json.loads((directory / "data/connection.json").read_text())
            if found["url"] and "is ready at" in (directory / "log").read_text():
                return found
        time.sleep(0.2)
    raise SystemExit(f"psa up didn't start:\n{(directory / 'log').read_text()[-2000:]}")


def log_in(page: Page, known: Mapping[str, str], shell: str) -> None:
    """Log in as the demonstration's manager, in the portal as its client."""
    page.goto(f"/{shell}/login")
    page.get_by_label("E-mail address").fill(f"{'client' if shell == 'portal' else 'manager'}@example.com")
    page.get_by_label("Password").fill(known["admin_password"])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"**/{shell}/")


def take(browser: Browser, known: Mapping[str, str], name: str) -> int:
    """Make one picture and return its size in bytes."""
    path, theme, width, prepare = PICTURES[name]
    context = browser.new_context(
        base_url=known["url"],
        viewport={"width": width, "height": 900 if width > 640 else 844},
        color_scheme="dark" if theme == "dark" else "light",
        device_scale_factor=1,
        reduced_motion="reduce",
    )
    page = context.new_page()
    log_in(page, known, path.split("/")[1])
    page.goto(path)
    if prepare is not None:
        prepare(page)
    page.wait_for_timeout(600)
    shot = base64.b64encode(page.screenshot()).decode()
    blank = context.new_page()
    packed = base64.b64decode(blank.evaluate(_PACK, {"shot": shot, "quality": QUALITY}))
    (HERE / f"{name}.webp").write_bytes(packed)
    context.close()
    return len(packed)


def main() -> None:
    """Make the pictures that are named, or all of them."""
    names = [name for name in sys.argv[1:] if name in PICTURES] or list(PICTURES)
    path = os.environ.get("PSA_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if path is None:
        raise SystemExit("There is no Chromium here; install it or set PSA_CHROMIUM.")
    with (
        tempfile.TemporaryDirectory() as directory,
        demonstration(Path(directory)) as known,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for name in names:
            print(f"{name}.webp: {take(browser, known, name) // 1024} KiB")
        browser.close()


if __name__ == "__main__":
    main()
