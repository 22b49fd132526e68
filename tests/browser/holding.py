"""Requests of a page that a test holds, to let their answers come late or in another order."""

from collections.abc import Callable

from playwright.sync_api import Page, Request, Route

HELD = dict[str, list[Route]]


def renewal(page: Page) -> Callable[[Request], bool]:
    """Return what tells a page's fetching itself anew from other requests."""
    return lambda request: request.url == page.url and "psa-soft" in request.headers


def caught(page: Page, held: list[Route]) -> Route:
    """Return the oldest held request; the browser hands it over a moment after it told of it."""
    for _ in range(2000):
        if held:
            return held.pop(0)
        page.evaluate("0")
    raise AssertionError("No request was held.")


def listening(page: Page, path: str) -> None:
    """Open a page whose stream of changes is open."""
    with page.expect_response("**/ui/events?since=*"):
        page.goto(path)
