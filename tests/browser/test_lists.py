"""What a list shows while somebody types and others work: the last letters win, and nothing live undoes them."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from .conftest import Desk
from .holding import HELD, caught, listening, renewal
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
    listening(page, "/ui/tickets")
    held: HELD = {"renewal": [], "search": []}
    page.route(re.compile(r"/ui/tickets$"), lambda route: held["renewal"].append(route))
    page.route(looked_for("Narwhal"), lambda route: held["search"].append(route))
    with page.expect_request(renewal(page)):
        open_ticket(desk, "Somebody else's request")
    page.keyboard.press("/")
    with page.expect_request(looked_for("Narwhal")):
        page.keyboard.insert_text("Narwhal")
    with page.expect_response(lambda response: renewal(page)(response.request)):
        caught(page, held["renewal"]).continue_()
    caught(page, held["search"]).continue_()
    expect(page.locator("tbody tr[data-row]")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("Narwhal poster")


def test_an_answer_is_waited_for_although_one_before_it_was_given_up(page: Page, desk: Desk):
    open_ticket(desk, "Axolotl in the fish tank")
    listening(page, "/ui/tickets")
    held = list[Route]()
    page.route(looked_for("Axo"), lambda _: None)
    page.route(looked_for("Axolotl"), lambda route: held.append(route))
    page.keyboard.press("/")
    with page.expect_request(looked_for("Axo")):
        page.keyboard.insert_text("Axo")
    with page.expect_request(looked_for("Axolotl")):
        page.keyboard.insert_text("lotl")
    counted = page.locator("#views").inner_text()
    open_ticket(desk, "Somebody else's request")
    expect(page.locator("#views")).not_to_have_text(counted, use_inner_text=True)
    caught(page, held).continue_()
    expect(page.locator("tbody tr[data-row]")).to_have_count(1)
