"""What is checked and completed when somebody sets a directory up."""

from psa_directory_ldap.api import key_of
from psa_directory_ldap.conversation import parsed
from psa_directory_ldap.directories import Host
from psa_directory_ldap.presets import PRESETS
from psa_directory_ldap.wire import tls
from psa_sdk import Change, Context
from psa_sdk.admission import check_admission
from psa_sdk.errors import Fault, Invalid, Problem
from psa_sdk.network import Network
from psa_sdk.sign_in import ExternalIdentities

ATTRIBUTES = "/data/attributes"
_WHERE = ("hosts", "security", "ca_certificates")
"""What decides who gets the bind account's password."""
_WHO = ("base_dn", "subject_attribute", "email_attribute", "group_base_dn", "group_lookup")


async def write_directory(ctx: Context, change: Change) -> None:
    """Check a directory before it is created or updated; what its kind tells needn't be said."""
    for name, known in PRESETS[change.value("preset")].items():
        if name != "group_lookup" and not change.value(name):
            change.new[name] = known
    await check_admission(ctx, change, key=key_of(change.id), anchors=(*_WHERE, *_WHO))
    _check_filter(change)
    _check_certificates(change)
    _check_password(change)
    if change.changes("hosts") or change.changes("security"):
        await _check_hosts(ctx, change)


async def delete_directory(ctx: Context, change: Change) -> None:
    """Forget whom a directory vouched for."""
    await ctx.service(ExternalIdentities).unlink(key_of(change.id))


def _check_filter(change: Change) -> None:
    try:
        parsed(change.value("user_filter"))
    except ValueError as error:
        raise _fault("user_filter", f"This is no LDAP filter: {error}", "filter_malformed") from error


def _check_certificates(change: Change) -> None:
    try:
        tls(change.value("ca_certificates").strip())
    except ValueError as error:
        raise _fault(
            "ca_certificates", f"These aren't certificates in PEM: {error}", "certificate_malformed"
        ) from error


def _check_password(change: Change) -> None:
    """Refuse to send a known password to other hosts: whoever may write here needn't know it."""
    elsewhere = change.verb == "update" and any(change.changes(name) for name in _WHERE)
    if elsewhere and change.old.get("bind_password") and not change.new.get("bind_password"):
        raise _fault(
            "bind_password",
            "Enter the bind account's password again: it goes elsewhere now.",
            "password_needed",
        )


async def _check_hosts(ctx: Context, change: Change) -> None:
    network = ctx.service(Network)
    for text in change.value("hosts"):
        try:
            host = Host.of(text, change.value("security"))
        except ValueError as error:
            raise _fault(
                "hosts", f"{text} is no host; write dc1.example.com or dc1.example.com:636.", "host_malformed"
            ) from error
        try:
            await network.addresses(host.name, host.port)
        except Problem as refused:
            raise _fault("hosts", str(refused), refused.code) from refused


def _fault(name: str, detail: str, code: str) -> Invalid:
    return Invalid(faults=[Fault(detail=detail, code=code, pointer=f"{ATTRIBUTES}/{name}")])
