"""Plugins do without neighbours that they don't require, and the kernel without any plugin (KRN-02)."""

import pytest
from isolation.installed import batteries

from .verdicts import verdicts

ABOUT_VALUES = ("test_strange_values_never_break_anything", "test_the_number_of_statements_is_constant")
"""Checks of single resources, which take long and where no neighbour has a say."""


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
    assert await verdicts(psa_bench, alone, without=ABOUT_VALUES) == {}


async def test_comments_boot_with_nothing_to_comment_on(new_kit):
    kit = await new_kit("multi", plugins=("comments",))
    assert (await (await kit.admin()).get("/comments")).json()["data"] == []
