"""The settings of files."""

from typing import Annotated

from msgspec import Meta

from psa_sdk import Settings

MIB = 1024 * 1024
ABSOLUTE_MAX = 512 * MIB
"""Bytes that no upload may exceed, whatever a tenant sets."""


class FilesSettings(Settings, frozen=True, kw_only=True):
    """What may be uploaded."""

    max_file_mib: Annotated[int, Meta(ge=1, le=512, title="Largest file in MiB")] = 25
    quota_mib: Annotated[
        int, Meta(ge=0, le=100_000_000, title="Storage in MiB", description="0: no limit")
    ] = 0
    refused_types: Annotated[
        tuple[str, ...],
        Meta(
            title="Media types that are refused",
            description="As found in the content; `image/*` covers a family",
        ),
    ] = ("application/x-executable",)

    def refuses(self, media_type: str) -> bool:
        """Tell whether a media type may not be uploaded."""
        family = media_type.partition("/")[0] + "/*"
        return media_type in self.refused_types or family in self.refused_types
