"""The words of security alerts: what happened to an account, in English and German. Pure."""

from collections.abc import Mapping
from typing import Final

from psa_sdk.identity import AlertMatter

MATTERS: Final[Mapping[str, Mapping[AlertMatter, str]]] = {
    "en": {
        "new_device": "A log-in from a new device",
        "password_changed": "Your password was changed",
        "email_changed": "The e-mail address of your account was changed",
        "second_factor_added": "A second factor was added",
        "second_factor_removed": "Your second factor was removed",
        "passkey_added": "A passkey was added",
        "passkey_removed": "A passkey was removed",
        "passkey_copied": "A copy of a passkey was refused",
        "recovery_code_used": "A recovery code was used",
        "locked_out": "Too many wrong passwords",
        "api_key_made": "An API key was made",
        "session_stolen": "A session was ended because its token was used twice",
        "identity_linked": "An account of an identity provider was linked to yours and lets you in",
        "identity_unlinked": "An account of an identity provider no longer lets you in",
        "application_stolen": "An application lost its access because its token was used twice",
    },
    "de": {
        "new_device": "Anmeldung von einem neuen Gerät",
        "password_changed": "Ihr Passwort wurde geändert",
        "email_changed": "Die E-Mail-Adresse Ihres Kontos wurde geändert",
        "second_factor_added": "Ein zweiter Faktor kam hinzu",
        "second_factor_removed": "Ihr zweiter Faktor wurde entfernt",
        "passkey_added": "Ein Passkey kam hinzu",
        "passkey_removed": "Ein Passkey wurde entfernt",
        "passkey_copied": "Die Kopie eines Passkeys wurde abgewiesen",
        "recovery_code_used": "Ein Wiederherstellungscode wurde verwendet",
        "locked_out": "Zu viele falsche Passwörter",
        "api_key_made": "Ein API-Schlüssel wurde angelegt",
        "session_stolen": "Eine Sitzung wurde beendet, weil ihr Token zweimal verwendet wurde",
        "identity_linked": "Ein Konto eines Identitätsanbieters wurde mit Ihrem verknüpft und meldet Sie an",
        "identity_unlinked": "Ein Konto eines Identitätsanbieters meldet Sie nicht mehr an",
        "application_stolen": "Eine Anwendung verlor ihren Zugriff, weil ihr Token zweimal verwendet wurde",
    },
}
_TEXTS: Final[Mapping[str, str]] = {
    "en": "Hello {name},\n\n{matter}{detail}, at {when}{where}.\n\nIf this was you, there is nothing to do."
    " If not, change your password, look at the sessions in your profile and tell your administrator.\n\n{organisation}\n",
    "de": "Guten Tag {name},\n\n{matter}{detail}, am {when}{where}.\n\nWenn Sie das waren, ist nichts zu tun."
    " Wenn nicht, ändern Sie Ihr Passwort, sehen Sie in Ihrem Profil die Sitzungen durch und verständigen Sie Ihre"
    " Administration.\n\n{organisation}\n",
}
_FORMER: Final[Mapping[str, str]] = {
    "en": "Hello {name},\n\nyour account has had another e-mail address since {when}, and this one opens it no more."
    " Your sessions have ended.\n\nIf you know of it, there is nothing to do. If not, tell the administrator of"
    " {organisation}.\n\n{organisation}\n",
    "de": "Guten Tag {name},\n\nIhr Konto hat seit {when} eine andere E-Mail-Adresse, und diese öffnet es nicht mehr. Ihre"
    " Sitzungen sind beendet.\n\nWenn Sie davon wissen, ist nichts zu tun. Wenn nicht, verständigen Sie die"
    " Administration von {organisation}.\n\n{organisation}\n",
}


def to_former_address(language: str, *, name: str, when: str, organisation: str) -> str:
    """Return what is said to an address that an account had; the new one isn't in it, since it may be a stranger's."""
    return _FORMER[_known(language)].format(name=name, when=when, organisation=organisation)


def subject(language: str, matter: AlertMatter, organisation: str) -> str:
    """Return the subject of an alert."""
    return f"{organisation}: {MATTERS[_known(language)][matter]}"


def text(
    language: str, matter: AlertMatter, *, name: str, detail: str, when: str, where: str, organisation: str
) -> str:
    """Return the body of an alert; `where` is the address and the browser, as they said themselves."""
    language = _known(language)
    return _TEXTS[language].format(
        name=name,
        matter=MATTERS[language][matter],
        detail=f" ({detail})" if detail else "",
        when=when,
        where=f" ({where})" if where else "",
        organisation=organisation,
    )


def _known(language: str) -> str:
    return "de" if language.lower().startswith("de") else "en"
