"""What a list shows while somebody types and others work: the last letters win, and nothing live undoes them."""

import re

import pytest
from playwright.sync_api import Page, Request, Route, expect

from .conftest import Desk
from .service_desk import open_ticket

pytestmark = pytest.mark.browser


def looked_for(text: str) -> re.Pattern[str]:
    return re.compile(rf"/ui/tickets\?q={text}(&|$)")


def test_letters_typed_while_an_answer_is_under_way_are_looked_for(page: Page, desk: Desk):
    open_ticket(desk, "Vicuna in the server room")
    open_ticket(desk, "Vicarage of the cluster is lost")
    page.goto("/ui/tickets")
    page.route(looked_for("Vic"), lambda _: None)
    page.keyboard.press("/")
    with page.expect_request(looked_for("Vic")):
        page.keyboard.type("Vic")
    page.keyboard.type("una")
    expect(page.locator("tbody tr[data-row]")).to_have_count(1)
    expect(page).to_have_url(looked_for("Vicuna"))


def test_a_list_renewed_meanwhile_still_shows_what_was_looked_for(page: Page, desk: Desk):
    open_ticket(desk, "Narwhal poster fell off the wall")
    with page.expect_response("**/ui/events?since=*"):
        page.goto("/ui/tickets")
    held = dict[str, Route]()

    def hold(route: Route) -> None:
        held["renewal" if renews(route.request) else "search"] = route

    def renews(request: Request) -> bool:
        return request.url.endswith("/ui/tickets") and "psa-soft" in request.headers

    page.route(re.compile(r"/ui/tickets(\?|$)"), hold)
    with page.expect_request(renews):
        open_ticket(desk, "Somebody else's request")
    page.keyboard.press("/")
    with page.expect_request(looked_for("Narwhal")):
        page.keyboard.type("Narwhal")
    with page.expect_response(lambda response: renews(response.request)):
        held["renewal"].continue_()
    held["search"].continue_()
    expect(page.locator("tbody tr[data-row]")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("Narwhal poster")
