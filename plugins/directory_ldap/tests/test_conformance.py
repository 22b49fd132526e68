from typing import ClassVar

from psa_sdk.testing import PluginBattery


class TestConformance(PluginBattery):
    plugin = "directory_ldap"
    samples: ClassVar = {
        "ldap-directories": {
            "name": lambda n: f"Directory {n}",
            # Nobody is there to be asked.
            "is_active": False,
            "preset": "openldap",
            "audience": "staff",
            "security": "ldaps",
            "hosts": lambda n: [f"127.0.0.1:{1000 + n % 60_000}"],
            "base_dn": "dc=example,dc=com",
            "bind_dn": "cn=reader,dc=example,dc=com",
            "user_filter": "(objectClass=inetOrgPerson)",
            "subject_attribute": "entryUUID",
            "login_attributes": ["mail"],
            "ca_certificates": "",
            "group_lookup": "member",
            "group_roles": {"Helpdesk": ["technician"]},
            "email_domains": ["example.com"],
        },
    }
    fixed: ClassVar = {
        "ldap-directories.audience": "final: linked accounts belong to one audience",
        "ldap-directories.group_roles": "names roles, which must exist",
        "ldap-directories.user_filter": "is a filter of its own syntax",
        "ldap-directories.ca_certificates": "holds certificates",
        "ldap-directories.hosts": "names hosts that exist, and asks for the password again",
        "ldap-directories.security": "asks for the password again",
    }
