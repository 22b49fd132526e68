"""The kernel's own features, plugins through the same door as everyone's."""

BUILTINS: tuple[str, ...] = (
    "psa_kernel.builtin.tenancy.plugin",
    "psa_kernel.builtin.settings.plugin",
    "psa_kernel.builtin.auth.plugin",
    "psa_kernel.builtin.audit.plugin",
    "psa_kernel.builtin.files.plugin",
    "psa_kernel.builtin.events.plugin",
    "psa_kernel.builtin.jobs.plugin",
    "psa_kernel.builtin.api.plugin",
)
"""Modules with a `psa_manifest`, in the order they are loaded."""
