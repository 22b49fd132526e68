"""Plugins do without neighbours that they don't require, and the kernel without any plugin (KRN-02)."""

import pytest
from isolation.installed import batteries

from .verdicts import verdicts

ALIKE = (
    "test_strange_values_never_break_anything",
    "test_nonsense_is_refused",
    "test_strange_queries_are_refused",
    "test_the_number_of_statements_is_constant",
    "test_nobody_gets_in_without_logging_in",
    "test_staff_without_grants_are_refused",
    "test_the_portal_has_no_staff_routes",
    "test_a_switched_off_module_is_not_there",
    "test_only_public_surfaces_are_imported",
)
"""Checks of single resources, of the door and of the code, where no neighbour has a say."""


async def test_the_kernel_runs_with_no_plugin_at_all(new_kit):
    kit = await new_kit("multi", plugins=())
    assert (await (await kit.admin()).get("/users")).status_code == 200
    assert "companies" not in kit.installation.resources


@pytest.mark.parametrize(
    ("name", "others"),
    [("contacts", ()), ("ticketing", ("contacts", "comments"))],
)
async def test_it_conforms_without_optional_neighbours(psa_bench, name, others):
    alone = type("Battery", (batteries()[name],), {"plugins": (name, *others)})
    assert await verdicts(psa_bench, alone, without=ALIKE) == {}


async def test_comments_boot_with_nothing_to_comment_on(new_kit):
    kit = await new_kit("multi", plugins=("comments",))
    assert (await (await kit.admin()).get("/comments")).json()["data"] == []
