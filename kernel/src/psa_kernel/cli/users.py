"""`psa users`: people who may log in, for the operator who can't log in any more."""

import secrets
from uuid import UUID

import click

from psa_kernel.builtin.auth import accounts, lockout, password_change, second_factor
from psa_kernel.builtin.auth.key_rules import make_key
from psa_kernel.builtin.auth.provisioning import ensure_account
from psa_kernel.builtin.auth.role_rules import check_grants
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_kernel.builtin.settings.sections import section_of
from psa_kernel.builtin.settings.writer import change
from psa_kernel.cli.application import chosen_tenant, with_kernel
from psa_kernel.cli.listing import print_rows
from psa_kernel.cli.options import configured, json_option, tenant_option
from psa_kernel.config import Config
from psa_kernel.kernel import Kernel
from psa_kernel.unit_of_work import Unit
from psa_sdk.errors import Conflict, NotFound
from psa_sdk.identity import PasswordToken

_LIST = """
SELECT a.email, a.name, a.audience, a.status, array_agg(r.key ORDER BY r.key) FILTER (WHERE r.key IS NOT NULL) AS roles,
       a.last_login_at
FROM psa.account a
LEFT JOIN psa.role_assignment x ON x.tenant_id = a.tenant_id AND x.account = a.id
LEFT JOIN psa.role r ON r.tenant_id = x.tenant_id AND r.id = x.role
GROUP BY a.tenant_id, a.id ORDER BY a.audience DESC, a.email_normalised
"""


@click.group()
def users() -> None:
    """List people, make one, set a password, let one in again, make an API key."""


@users.command("list")
@tenant_option
@configured
@json_option
def list_users(config: Config, tenant: str, as_json: bool) -> None:
    """List everyone who may log in."""

    async def work(kernel: Kernel) -> list[dict[str, object]]:
        async with kernel.unit(await chosen_tenant(kernel, tenant), readonly=True) as unit:
            return [dict(row) for row in await unit.db.fetch(_LIST)]

    print_rows(with_kernel(config, work), as_json=as_json, nothing="Nobody yet.")


@users.command()
@click.argument("email")
@click.option("--name", help="The person's name [the address].")
@click.option(
    "--role", "roles", multiple=True, default=("technician",), help="A role's key; repeatable [technician]."
)
@tenant_option
@configured
def create(config: Config, email: str, name: str | None, roles: tuple[str, ...], tenant: str) -> None:
    """Make a member of staff with a generated password."""
    password = secrets.token_urlsafe(15)

    async def work(kernel: Kernel) -> None:
        tenant_id = await chosen_tenant(kernel, tenant)
        async with kernel.unit(tenant_id, readonly=True) as unit:
            if await accounts.by_email(unit, "staff", email) is not None:
                raise Conflict(f"{email} is there already: use `psa users set-password`.")
        await ensure_account(kernel, tenant_id, email=email, name=name or "", roles=roles, password=password)

    with_kernel(config, work)
    click.echo(f"Log in:  {email}  {password}")


@users.command("set-password")
@click.argument("email")
@click.option("--portal", is_flag=True, help="A client's contact rather than staff.")
@click.option("--generate", is_flag=True, help="Generate and print one instead of asking.")
@tenant_option
@configured
def set_password(config: Config, email: str, portal: bool, generate: bool, tenant: str) -> None:
    """Set somebody's password; all their sessions end."""
    password = (
        secrets.token_urlsafe(15)
        if generate
        else click.prompt("New password", hide_input=True, confirmation_prompt=True)
    )

    async def work(kernel: Kernel) -> None:
        tenant_id = await chosen_tenant(kernel, tenant)
        await password_change.set_password(
            kernel, tenant_id, await _account(kernel, tenant_id, email, portal), password
        )

    with_kernel(config, work)
    click.echo(f"Log in:  {email}  {password}" if generate else f"The password of {email} is set.")


@users.command()
@click.argument("email")
@click.option("--portal", is_flag=True, help="A client's contact rather than staff.")
@tenant_option
@configured
def unlock(config: Config, email: str, portal: bool, tenant: str) -> None:
    """Let somebody try again at once after too many wrong passwords."""

    async def work(kernel: Kernel) -> None:
        tenant_id = await chosen_tenant(kernel, tenant)
        async with kernel.unit(tenant_id) as unit:
            facts = await _facts(unit, email, portal)
            await lockout.unlock(unit, facts.account)

    with_kernel(config, work)
    click.echo(f"{email} may try again.")


@users.command("reset-mfa")
@click.argument("email")
@click.option("--portal", is_flag=True, help="A client's contact rather than staff.")
@tenant_option
@configured
def reset_mfa(config: Config, email: str, portal: bool, tenant: str) -> None:
    """Take away the second factor of somebody who lost it; all their sessions end."""

    async def work(kernel: Kernel) -> None:
        tenant_id = await chosen_tenant(kernel, tenant)
        async with kernel.unit(tenant_id) as unit:
            await second_factor.reset(unit, (await _facts(unit, email, portal)).id)

    with_kernel(config, work)
    click.echo(f"{email} logs in with the password alone.")


@users.command("open-networks")
@tenant_option
@configured
def open_networks(config: Config, tenant: str) -> None:
    """Let everybody in from anywhere again: for who shut themselves out by a list of networks."""

    async def work(kernel: Kernel) -> None:
        async with kernel.unit(await chosen_tenant(kernel, tenant)) as unit:
            await change(unit, section_of(kernel.registry, AuthSettings), {}, reset=("staff_networks",))
            roles = await unit.db.fetch("SELECT id FROM psa.role WHERE allowed_addresses <> '{}'")
            for role in roles:
                await unit.records.update("roles", role["id"], {"allowed_addresses": []})

    with_kernel(config, work)
    click.echo("Log-ins are taken from every address again.")


@users.command()
@click.argument("email")
@click.option("--portal", is_flag=True, help="A client's contact rather than staff.")
@tenant_option
@configured
def invite(config: Config, email: str, portal: bool, tenant: str) -> None:
    """Print a one-time token with which somebody sets their password, at first or anew."""

    async def work(kernel: Kernel) -> PasswordToken:
        tenant_id = await chosen_tenant(kernel, tenant)
        async with kernel.unit(tenant_id) as unit:
            facts = await _facts(unit, email, portal)
            request = await password_change.request_password(unit, facts.id)
            return await password_change.mint_token(unit, request)

    minted = with_kernel(config, work)
    click.echo(f"Until {minted.expires_at:%Y-%m-%d %H:%M} UTC:  {minted.token}")


@users.command("key")
@click.argument("email")
@click.option("--name", required=True, help="What the key is for.")
@click.option(
    "--scope", "scopes", multiple=True, default=("*",), help="A grant that narrows it; repeatable [*]."
)
@click.option(
    "--address", "addresses", multiple=True, help="An address or network it's good from; repeatable."
)
@tenant_option
@configured
def make_api_key(
    config: Config, email: str, name: str, scopes: tuple[str, ...], addresses: tuple[str, ...], tenant: str
) -> None:
    """Make an API key that acts for a member of staff, and print it once."""

    async def work(kernel: Kernel) -> str:
        tenant_id = await chosen_tenant(kernel, tenant)
        async with kernel.unit(tenant_id) as unit:
            facts = await _facts(unit, email, portal=False)
            check_grants(scopes, "--scope")
            key = await make_key(unit, facts.id, name, scopes, allowed_addresses=addresses)
            return key.secret

    click.echo(with_kernel(config, work))


async def _account(kernel: Kernel, tenant_id: UUID, email: str, portal: bool) -> UUID:
    async with kernel.unit(tenant_id, readonly=True) as unit:
        return (await _facts(unit, email, portal)).id


async def _facts(unit: Unit, email: str, portal: bool) -> accounts.LoginFacts:
    facts = await accounts.by_email(unit, "portal" if portal else "staff", email)
    if facts is None:
        raise NotFound(f"Nobody logs in as {email}: see `psa users list`.")
    return facts
