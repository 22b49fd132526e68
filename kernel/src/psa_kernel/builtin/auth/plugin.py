"""Accounts, log-in, roles, teams and API keys."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from psa_kernel.builtin.auth import (
    actors,
    identity_routes,
    impersonating,
    impersonation,
    login_routes,
    mfa_routes,
    own_routes,
    passkey_routes,
    resources,
    roles,
    sso_routes,
    tables,
    user_routes,
)
from psa_kernel.builtin.auth.browser_session import UnitBrowser
from psa_kernel.builtin.auth.delegations import StoredDelegations
from psa_kernel.builtin.auth.directory import TenantDirectory
from psa_kernel.builtin.auth.external_identities import StoredIdentities
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_kernel.builtin.auth.sign_in import UnitSignIn
from psa_sdk import Manifest, Permission, Platform, hookimpl, provide
from psa_sdk.identity import (
    AccountAlert,
    AccountErased,
    Delegations,
    Directory,
    PasswordRequested,
    SessionsEnded,
)
from psa_sdk.sign_in import ExternalIdentities, SignIn
from psa_sdk.web import Browser

_EVERYBODY = (
    "auth.users.read",
    "auth.groups.read",
    "auth.api_keys.read@own",
    "auth.api_keys.create",
    "auth.api_keys.update@own",
    "auth.api_keys.delete@own",
)


@hookimpl
def psa_manifest() -> Manifest:
    """Declare auth."""
    return Manifest(
        name="auth",
        title="Users and access",
        description="Who may log in and what they may do.",
        requires=("tenancy", "settings"),
        tables=tables.ALL,
        resources=resources.ALL,
        routes=(
            *login_routes.ALL,
            *sso_routes.ALL,
            *own_routes.ALL,
            *mfa_routes.ALL,
            *passkey_routes.ALL,
            *identity_routes.ALL,
            *user_routes.ALL,
            *impersonating.ALL,
        ),
        permissions=(Permission(name=impersonation.PERMISSION, title="Impersonate users", sensitive=True),),
        roles={
            "manager": (*_EVERYBODY, "auth.roles.read", "auth.groups.*"),
            "technician": _EVERYBODY,
            "dispatcher": _EVERYBODY,
            "sales": _EVERYBODY,
            "finance": _EVERYBODY,
        },
        events=(PasswordRequested, AccountErased, AccountAlert, SessionsEnded),
        services=(
            provide(Directory, TenantDirectory),
            provide(Delegations, StoredDelegations),
            provide(Browser, UnitBrowser),
            provide(SignIn, UnitSignIn),
            provide(ExternalIdentities, StoredIdentities),
        ),
        actors=actors.ALL,
        schedules=actors.SCHEDULES,
        settings=AuthSettings,
        seed=roles.seed,
    )


@hookimpl
def psa_lifespan(platform: Platform) -> AbstractAsyncContextManager[None]:
    """Make the roles that newly installed plugins bring."""
    return _roles_made(platform)


@asynccontextmanager
async def _roles_made(platform: Platform) -> AsyncGenerator[None]:
    await roles.complete(platform)
    yield
