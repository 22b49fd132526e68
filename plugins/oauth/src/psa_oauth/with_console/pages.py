"""The pages of OAuth in the console."""

from typing import Final

from psa_oauth.with_console import administration, consent, logout
from psa_sdk import AUTHENTICATED, PUBLIC
from psa_sdk.ui import Action, Page, Panel, ResourceView, SettingsSection, Ui

READ: Final = "oauth.oauth_clients.read"
CREATE: Final = "oauth.oauth_clients.create"
UPDATE: Final = "oauth.oauth_clients.update"
DELETE: Final = "oauth.oauth_clients.delete"
_AT: Final = "/settings/applications"

UI = Ui(
    views=(
        ResourceView(
            resource="oauth-clients",
            singular="Application",
            icon="app-window",
            columns=("name", "grant_types", "confidential", "owner", "created_at"),
        ),
        ResourceView(resource="oauth-consents", singular="Allowed application", icon="badge-check"),
        ResourceView(resource="oauth-signing-keys", singular="Signing key", icon="key-round"),
    ),
    pages=(
        Page(
            path="/oauth/authorize",
            template="oauth.console/consent.html",
            # Whoever isn't logged in may be answered too: `prompt=none`.
            permission=PUBLIC,
            load=consent.ask,
            title="Allow access",
        ),
        Page(
            path=logout.PATH,
            template="oauth.console/logout.html",
            # Whoever has logged out already is sent back too.
            permission=PUBLIC,
            load=logout.ask,
            title="Log out",
        ),
        Page(
            path="/oauth/device",
            template="oauth.console/device.html",
            permission=AUTHENTICATED,
            load=consent.ask_for_device,
            title="Connect a device",
        ),
        Page(
            path=_AT,
            template="oauth.console/applications.html",
            permission=READ,
            load=administration.load,
            title="Applications",
            active="settings",
        ),
    ),
    actions=(
        Action(path="/oauth/authorize", permission=AUTHENTICATED, handle=consent.answer),
        Action(path=logout.PATH, permission=PUBLIC, handle=logout.confirm),
        Action(path="/oauth/device", permission=AUTHENTICATED, handle=consent.find_device),
        Action(path="/oauth/device/answer", permission=AUTHENTICATED, handle=consent.answer_device),
        Action(
            path="/oauth/consents/{id:uuid}/end", permission=AUTHENTICATED, handle=administration.take_back
        ),
        Action(path=_AT, permission=CREATE, handle=administration.register),
        Action(path=f"{_AT}/{{id:uuid}}/secret", permission=UPDATE, handle=administration.renew_secret),
        Action(path=f"{_AT}/{{id:uuid}}/delete", permission=DELETE, handle=administration.delete),
    ),
    panels=(
        Panel(
            slot="profile.main",
            id="oauth.own",
            title="Applications with access",
            template="oauth.console/own.html",
            load=administration.own,
            permission=AUTHENTICATED,
            order=60,
        ),
    ),
    settings=(
        SettingsSection(
            id="oauth-clients",
            title="Applications",
            url=_AT,
            permission=READ,
            icon="app-window",
            keywords="oauth oidc openid api integrations client",
            order=25,
            group="system",
        ),
    ),
    styles=("oauth.css",),
)
