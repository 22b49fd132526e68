"""What is part of every profile, whichever the shell, and what the staff see of it on a user's record."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from psa_sdk.routes import AUTHENTICATED
from psa_sdk.ui import Action, Panel, Shell, Ui
from psa_web.account import identities, second_factor

_SHELLS: Final[tuple[Shell, ...]] = ("console", "portal")
_ACTIONS: Final[tuple[tuple[str, Callable[..., Awaitable[Any]]], ...]] = (
    ("/profile/second-factor", second_factor.take),
    ("/profile/second-factor/setup", second_factor.begin),
    ("/profile/second-factor/recovery-codes", second_factor.renew),
    ("/profile/second-factor/remove", second_factor.remove),
    ("/profile/passkeys/{id:uuid}/remove", second_factor.remove_passkey),
    ("/profile/sign-in/{provider:uuid}/link", identities.begin),
    ("/profile/identities/{id:uuid}/remove", identities.remove_own),
)


def _panels(shell: Shell) -> Iterator[Panel]:
    yield Panel(
        slot="profile.main",
        id=f"web.second-factor.{shell}",
        title="Second factor",
        template="web/second_factor.html",
        load=second_factor.load,
        permission=AUTHENTICATED,
        icon="shield-check",
        order=10,
        shell=shell,
    )
    yield Panel(
        slot="profile.main",
        id=f"web.identities.{shell}",
        title="Single sign-on",
        template="web/own_identities.html",
        load=identities.own,
        permission=AUTHENTICATED,
        icon="log-in",
        order=20,
        shell=shell,
    )


UI: Final = Ui(
    panels=(
        *(panel for shell in _SHELLS for panel in _panels(shell)),
        Panel(
            slot="user.side",
            id="web.identities.user",
            title="Single sign-on",
            template="web/user_identities.html",
            load=identities.of_user,
            permission="auth.users.update",
            icon="log-in",
            order=800,
        ),
    ),
    actions=(
        *(
            Action(path=path, permission=AUTHENTICATED, handle=handle, shell=shell)
            for shell in _SHELLS
            for path, handle in _ACTIONS
        ),
        Action(
            path="/users/{id:uuid}/identities/{identity:uuid}/remove",
            permission="auth.users.update",
            handle=identities.remove,
        ),
    ),
)
