"""The kernel's own features, plugins through the same door as everyone's."""

BUILTINS: tuple[str, ...] = ()
"""Modules with a `psa_manifest`, in the order they are loaded."""
