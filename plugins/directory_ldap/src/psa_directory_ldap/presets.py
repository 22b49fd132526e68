"""What is known of common directories, so that an administrator names little more than hosts, base and account."""

from collections.abc import Mapping
from typing import Any, Final

from psa_directory_ldap.api import Preset

PRESETS: Final[Mapping[Preset, Mapping[str, Any]]] = {
    "active_directory": {
        "user_filter": "(&(objectCategory=person)(objectClass=user))",
        "subject_attribute": "objectGUID",
        "login_attributes": ["mail", "userPrincipalName"],
        "email_attribute": "mail",
        "name_attribute": "displayName",
        "group_lookup": "nested",
    },
    "openldap": {
        "user_filter": "(objectClass=inetOrgPerson)",
        "subject_attribute": "entryUUID",
        "login_attributes": ["mail"],
        "email_attribute": "mail",
        "name_attribute": "cn",
        "group_lookup": "member",
    },
}
"""Values of columns by the kind of directory, for what isn't said."""
