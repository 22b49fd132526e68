"""How the platform's own resources look: users, roles, groups, keys, the audit log."""

from psa_sdk.ui import ResourceView

VIEWS = (
    ResourceView(
        resource="users",
        icon="circle-user-round",
        columns=("name", "email", "status", "job_title", "audience", "last_login_at"),
        summary=("status", "email", "job_title"),
        fields=("name", "email", "job_title", "phone", "status"),
    ),
    ResourceView(
        resource="groups", icon="users-round", columns=("name", "manager", "description", "updated_at")
    ),
    ResourceView(
        resource="roles", icon="shield-check", columns=("title", "key", "audience", "standard", "updated_at")
    ),
    ResourceView(
        resource="api-keys",
        singular="API key",
        icon="key-round",
        columns=("name", "user", "prefix", "expires_at", "last_used_at"),
    ),
    ResourceView(
        resource="audit-logs",
        singular="Audit entry",
        icon="scroll-text",
        columns=("action", "resource", "actor_label", "actor_kind", "ip", "occurred_at"),
        summary=("actor_label", "resource", "occurred_at"),
        cells={name: f"console/cells/audit_{name}.html" for name in ("action", "resource", "actor_label")},
    ),
    ResourceView(
        resource="custom-fields",
        icon="text-cursor-input",
        columns=("label", "resource", "key", "kind", "required", "updated_at"),
        fields=("label", "key", "resource", "kind"),
    ),
    ResourceView(resource="attachments", icon="paperclip"),
    ResourceView(
        resource="csv-imports",
        singular="Import",
        icon="upload",
        columns=("file_name", "target", "account", "state", "created_count", "skipped_count", "created_at"),
        tones={"running": "indigo", "checking": "indigo", "done": "green", "failed": "red"},
    ),
)
