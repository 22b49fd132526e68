"""Every text of the pages is there in German too: in templates, in code, and in what plugins declare."""

import ast
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from babel.messages.extract import extract_from_dir

import psa_automation
import psa_billing
import psa_calendar
import psa_comments
import psa_console
import psa_contacts
import psa_contracts
import psa_directory_ldap
import psa_kernel
import psa_mail
import psa_oauth
import psa_payments_paypal
import psa_payments_stripe
import psa_portal
import psa_scim
import psa_sla
import psa_sso_oidc
import psa_sso_saml
import psa_ticketing
import psa_time
import psa_web
from psa_kernel.boot import load
from psa_kernel.config import Config
from psa_kernel.registry import Registry
from psa_sdk.tables import Choice
from psa_web.catalogues import Catalogues
from psa_web.formatting import humanise
from psa_web.records.views import singular_of

METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
JINJA = {
    "**/templates/**.html": {
        "extensions": "jinja2.ext.i18n,jinja2.ext.do",
        "newstyle_gettext": "true",
        "silent": "false",
    }
}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load(Config())


@pytest.fixture(scope="module")
def german(registry: Registry) -> Catalogues:
    return Catalogues(
        {
            name: Path(plugin.module.__file__ or "").parent / "locale"
            for name, plugin in registry.plugins.items()
        }
    )


def texts_of(package: str) -> Iterator[str]:
    """Yield the texts of a package's templates and code."""
    for _, _, message, _, _ in extract_from_dir(package, METHODS, JINJA):
        yield message if isinstance(message, str) else message[0]


def toasts(packages: set[Path]) -> Iterator[str]:
    """Yield what packages' actions say once they are done, which is translated where it is shown."""
    for path in {path for package in packages for path in package.rglob("*.py")}:
        code = path.read_text()
        if "toast=" not in code:
            continue
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.keyword) and node.arg == "toast" and isinstance(node.value, ast.Constant):
                yield str(node.value.value)


def audited(packages: set[Path]) -> Iterator[str]:
    """Yield the actions that packages' code, some of it within others', writes to the audit log by name."""
    for path in {path for package in packages for path in package.rglob("*.py")}:
        code = path.read_text()
        if "audit(" not in code and "record(" not in code:
            continue
        for node in ast.walk(ast.parse(code)):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            action = (
                node.args[0]
                if name == "audit"
                else node.args[1]
                if name == "record" and node.args[1:]
                else None
            )
            for part in ast.walk(action) if isinstance(action, ast.Constant | ast.IfExp) else ():
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield humanise(part.value)


# Actions whose names code or SQL puts together.
ASSEMBLED = (
    "password_changed", "password_reset", "password_set", "host_verified", "host_released", "tenant_suspended",
    "tenant_activated", "tenant_deletion_planned", "usage_viewed", "oauth_code_reused", "oauth_refresh_token_reused",
    "audit_purged", "audit_redacted", "created", "updated", "deleted",
)  # fmt: skip


def declared(registry: Registry, plugin: str) -> Iterator[str]:
    """Yield the texts that a plugin declares: names of resources, attributes, choices, settings, pages."""
    manifest = registry.plugins[plugin].manifest
    yield manifest.title
    yield manifest.description
    for kind in ("nav", "pages", "panels", "widgets", "columns", "commands", "settings", "bulk", "views"):
        for item in getattr(manifest.ui, kind):
            yield from (getattr(item, name, "") for name in ("label", "title", "singular"))
    for resource in manifest.resources:
        yield resource.title
        yield humanise(singular_of(resource.name))
        shown = [field.name for field in msgspec.structs.fields(resource.read)]
        yield from map(humanise, shown)
        yield from (humanise(name.removesuffix("_at")) for name in shown)
        yield from (humanise(relation.name) for relation in resource.relations)
        yield from helps(resource.write)
        for column in resource.table._meta.columns:
            if isinstance(column, Choice):
                yield from (humanise(value) for value in column.allowed)
    for permission in manifest.permissions:
        yield permission.title
    for extension in manifest.extensions:
        yield from (humanise(field.name) for field in msgspec.structs.fields(extension.read))
        yield from (humanise(relation.name) for relation in extension.relations)
        yield from helps(extension.write)
        for column in extension.table._meta.columns:
            if isinstance(column, Choice):
                yield from (humanise(value) for value in column.allowed)
    if manifest.settings is not None:
        _, components = msgspec.json.schema_components([manifest.settings])
        for name, schema in components[manifest.settings.__name__]["properties"].items():
            yield schema.get("title") or humanise(name)
            yield schema.get("description", "")


def helps(write: type[msgspec.Struct] | None) -> Iterator[str]:
    """Yield what a form says below its fields."""
    if write is None:
        return
    _, components = msgspec.json.schema_components([write])
    for schema in components[write.__name__].get("properties", {}).values():
        yield from (part.get("description", "") for part in (schema, *schema.get("anyOf", ())))


def untranslated(german: Catalogues, texts: Iterator[str]) -> set[str]:
    translations = german.of("de")
    same = {text for text in texts if text and translations.gettext(text) == text}
    return {text for text in same if text not in WORDS_ALIKE}


WORDS_ALIKE = {
    "API", "Administrator", "BCP 47 tag", "Board", "Chat", "Cron", "Domain", "Domains", "Filter", "Gmail", "Import", "IP", "Indigo", "ISO 3166-1 alpha-2", "Keycloak", "LDAPS", "Link", "Logo",
    "Name", "Okta", "OpenID Connect", "Orange", "Organisation", "Partner", "Passkeys", "Portal", "Problem", "Region", "SAML", "SLA", "Service", "Spam", "Standard", "Status", "System",
    "Team", "Text", "Ticket", "Tickets", "URL", "Website", "in %(span)s",
}  # fmt: skip


@pytest.mark.parametrize(
    "module",
    [
        psa_web,
        psa_console,
        psa_automation,
        psa_billing,
        psa_calendar,
        psa_comments,
        psa_contacts,
        psa_contracts,
        psa_directory_ldap,
        psa_mail,
        psa_oauth,
        psa_payments_paypal,
        psa_payments_stripe,
        psa_portal,
        psa_scim,
        psa_sla,
        psa_sso_oidc,
        psa_sso_saml,
        psa_ticketing,
        psa_time,
    ],
)
def test_templates_and_code_are_translated(german: Catalogues, module: object):
    package = Path(getattr(module, "__file__", "")).parent
    assert untranslated(german, texts_of(str(package))) == set()


def test_what_plugins_declare_is_translated(registry: Registry, german: Catalogues):
    own = {
        name
        for name, plugin in registry.plugins.items()
        if plugin.builtin or (Path(plugin.module.__file__ or "").parent / "locale/de").is_dir()
    }
    own |= {name for name in registry.plugins if name.split(".")[0] in own}
    assert {"contacts", "ticketing", "comments", "console", "time"} <= own
    missing = {name: untranslated(german, declared(registry, name)) for name in own}
    assert {name: texts for name, texts in missing.items() if texts} == {}


@pytest.fixture(scope="module")
def packages(registry: Registry) -> set[Path]:
    plugins = {Path(plugin.module.__file__ or "").parent for plugin in registry.plugins.values()}
    return plugins | {Path(psa_kernel.__file__).parent}


def test_what_actions_say_is_translated(packages: set[Path], german: Catalogues):
    said = set(toasts(packages))
    assert {"The link is removed", "Confirmed for five minutes."} <= said
    assert untranslated(german, iter(said)) == set()


def test_what_the_audit_log_tells_is_translated(packages: set[Path], german: Catalogues):
    told = set(audited(packages))
    assert {"Login failed", "Impersonation began", "Billed"} <= told
    assert untranslated(german, iter(told | set(map(humanise, ASSEMBLED)))) == set()


def test_a_word_means_what_its_plugin_means_by_it(german: Catalogues):
    """One catalogue after the other would have called clients of a company applications."""
    said = {name: german.of("de", name).gettext("Client") for name in ("contacts", "oauth", "oauth.console")}
    assert said == {"contacts": "Kunde", "oauth": "Anwendung", "oauth.console": "Anwendung"}
    assert german.of("de", "billing.portal").gettext("Open") == "Offen"
    assert german.of("de", "sla").gettext("Save") == german.of("de").gettext("Save") == "Speichern"


def test_a_language_is_chosen_by_its_first_part():
    catalogues = Catalogues({"web": Path(psa_web.__file__).parent / "locale"})
    assert catalogues.languages == ("en", "de")
    assert catalogues.choose("de-AT", "en") == "de"
    assert catalogues.choose("fr", "pt") == "en"
