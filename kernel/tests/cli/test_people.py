"""Tenants, users, keys and the audit log from the command line."""

import json

import pytest

from psa_kernel.builtin.auth.settings import AuthSettings
from psa_kernel.builtin.settings.sections import section_of
from psa_kernel.builtin.settings.writer import change
from psa_kernel.cli.application import chosen_tenant, with_kernel
from psa_kernel.config import from_environment
from psa_kernel.embedded import EmbeddedPostgres, EmbeddedValkey
from psa_kernel.kernel import Kernel

from .conftest import OTHERS


@pytest.fixture(scope="module")
def many(psa, tmp_path_factory, put_cluster):
    """`psa` in a multi-tenant installation of its own, with two tenants."""
    directory = put_cluster(tmp_path_factory.mktemp("many"))
    postgres, valkey = EmbeddedPostgres(directory), EmbeddedValkey(directory)
    postgres.ensure()
    valkey.ensure()

    def run(*arguments: object, **options: object):
        return psa(*arguments, PSA_DATA_DIR=str(directory), PSA_TENANCY="multi", **options)

    run.directory = str(directory)
    run("migrate")
    run("tenants", "create", "main")
    run("tenants", "create", "northwind", "--name", "Northwind IT", "--admin-email", "ada@example.com")
    yield run
    postgres.stop()
    valkey.stop()


def listed(many, slug: str) -> dict[str, str]:
    return {row["slug"]: row for row in json.loads(many("tenants", "list", "--json").stdout)}[slug]


def test_a_tenant_has_an_administrator_and_the_standard_roles(many):
    people = json.loads(many("users", "list", "--tenant", "northwind", "--json").stdout)
    assert ("ada@example.com", ["admin"]) in [(person["email"], person["roles"]) for person in people]


def test_a_tenant_is_suspended_and_activated(many):
    many("tenants", "suspend", "northwind", "--reason", "unpaid")
    assert listed(many, "northwind")["status"] == "suspended"
    many("tenants", "activate", "northwind")
    assert listed(many, "northwind")["status"] == "active"


def test_the_operators_own_tenant_cannot_be_suspended(many):
    assert "can't be suspended" in many("tenants", "suspend", "main", expect=1).output


def test_deletion_asks_and_can_be_taken_back(many):
    many("tenants", "create", "leaving")
    many("tenants", "delete", "leaving", given="n\n", expect=1)
    assert listed(many, "leaving")["status"] == "active"
    assert "is suspended and erased on 2" in many("tenants", "delete", "leaving", "--yes").output
    many("tenants", "activate", "leaving")
    assert listed(many, "leaving")["status"] == "active"


def test_several_tenants_need_a_choice_and_an_unknown_one_is_named(many):
    assert "choose one with --tenant" in many("users", "list", expect=2).output
    assert "There's no tenant nowhere" in many("users", "list", "--tenant", "nowhere", expect=2).output


def test_an_unusable_slug_and_zone_are_both_named(many):
    output = many("tenants", "create", "No Good", "--timezone", "Mars/Base", expect=1).output
    assert "is no slug" in output
    assert "is no IANA time zone" in output


def test_a_single_tenant_installation_refuses_a_second(migrated):
    assert "has one tenant, main" in migrated("tenants", "create", "second", expect=1).output


def test_a_person_is_made_with_roles_and_a_password(many):
    here = ("--tenant", "northwind")
    made = many("users", "create", "bo@example.com", "--role", "manager", *here).stdout
    assert made.startswith("Log in:  bo@example.com  ")
    people = {person["email"]: person for person in json.loads(many("users", "list", *here, "--json").stdout)}
    assert people["bo@example.com"]["status"] == "active"
    assert "is there already" in many("users", "create", "bo@example.com", *here, expect=1).output
    assert (
        "no staff role pilot"
        in many("users", "create", "x@example.com", "--role", "pilot", *here, expect=1).output
    )


def test_a_password_is_set_under_the_policy(many):
    here = ("--tenant", "northwind")
    assert (
        "Log in:  ada@example.com"
        in many("users", "set-password", "ada@example.com", "--generate", *here).output
    )
    many("users", "set-password", "ada@example.com", *here, given="short\nshort\n", expect=1)
    assert (
        "Nobody logs in as"
        in many("users", "set-password", "x@example.com", "--generate", *here, expect=1).output
    )


def test_data_keys_rotate(many):
    before = json.loads(many("keys", "status", "--json").stdout)
    many("keys", "rotate")
    after = json.loads(many("keys", "status", "--json").stdout)
    assert [row["generation"] + 1 for row in before] == [row["generation"] for row in after]
    assert "0 data keys are wrapped" in many("keys", "rewrap").output


def test_the_audit_log_is_verified_and_tampering_is_found(many, tmp_path):
    assert "intact" in many("audit", "verify").output
    point = tmp_path / "checkpoint.json"
    point.write_text(many("audit", "checkpoint").stdout)
    many("audit", "verify", "--checkpoint", point)


def test_an_invitation_is_printed(many):
    here = ("--tenant", "northwind")
    output = many("users", "invite", "ada@example.com", *here).output
    assert "Until 20" in output
    assert " psap_" in output
    assert "Nobody logs in as" in many("users", "invite", "x@example.com", *here, expect=1).output


def test_a_locked_person_is_let_in_again(many):
    assert "may try again" in many("users", "unlock", "ada@example.com", "--tenant", "northwind").output


def test_who_lost_the_second_factor_logs_in_with_the_password(many):
    here = ("--tenant", "northwind")
    assert "the password alone" in many("users", "reset-mfa", "ada@example.com", *here).output
    assert "Nobody logs in as" in many("users", "reset-mfa", "x@example.com", *here, expect=1).output


def test_an_api_key_is_printed_once(many):
    words = ("users", "key", "ada@example.com", "--tenant", "northwind", "--name", "sync")
    assert "\npsa_" in "\n" + many(*words, "--scope", "auth.users.read").output
    assert "is no grant" in many(*words, "--scope", "*.read", expect=1).output


def test_who_shut_themselves_out_lets_everybody_in_again(many):
    """By a list of networks of the organisation, and by one of a role."""
    told = {"PSA_DATA_DIR": many.directory, "PSA_TENANCY": "multi", "PSA_QUARANTINE": OTHERS}
    config = from_environment(told)

    async def shut_out(kernel: Kernel) -> None:
        async with kernel.unit(await chosen_tenant(kernel, "northwind")) as unit:
            section = section_of(kernel.registry, AuthSettings)
            await change(unit, section, {"staff_networks": "192.0.2.0/24"})
            [role] = await unit.db.fetch("SELECT id FROM psa.role WHERE key = 'admin'")
            await unit.records.update("roles", role["id"], {"allowed_addresses": ["192.0.2.7"]})

    async def lists(kernel: Kernel) -> list[object]:
        async with kernel.unit(await chosen_tenant(kernel, "northwind"), readonly=True) as unit:
            [role] = await unit.db.fetch("SELECT allowed_addresses FROM psa.role WHERE key = 'admin'")
            return [(await unit.settings(AuthSettings)).staff_networks, list(role["allowed_addresses"])]

    with_kernel(config, shut_out)
    assert with_kernel(config, lists) == ["192.0.2.0/24", ["192.0.2.7"]]
    assert "every address" in many("users", "open-networks", "--tenant", "northwind").output
    assert with_kernel(config, lists) == ["", []]
