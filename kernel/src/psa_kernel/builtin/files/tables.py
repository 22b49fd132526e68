"""What files stores: blobs by their hash, and the named versions that refer to them."""

from psa_sdk.tables import UUID, BigInt, Boolean, Choice, Index, Instant, Integer, Ref, TenantTable, Text

SCAN_STATES = ("clean", "pending", "infected")


class Blob(TenantTable, schema="psa", tablename="blob"):
    """Bytes in the store, once per tenant and content; freed a week after the last file is gone."""

    sha256 = Text(help_text="Hex; with the tenant, the key in the store")
    size = BigInt(help_text="Bytes")
    scan_state = Choice(*SCAN_STATES, default="clean")
    unused_since = Instant(null=True)

    index_on = (
        Index(("sha256",), unique=True),
        Index(("unused_since",), where="unused_since IS NOT NULL"),
    )


class File(TenantTable, schema="psa", tablename="file"):
    """One version of a named file, attached to a record of any plugin or to none."""

    subject_kind = Text(null=True, help_text="JSON:API type of the record it hangs on")
    subject_id = UUID(null=True)
    company = Ref("companies", null=True, on_delete="set_null")
    file_name = Text()
    file_size = BigInt(help_text="Bytes")
    mime_type = Text(help_text="As found in the content, not as claimed")
    sha256 = Text()
    series = UUID(default=None, help_text="Shared by the versions of one file")
    revision = Integer(default=1)
    is_current = Boolean(default=True)
    is_internal = Boolean(default=False)
    uploaded_by = Ref("users", null=True, on_delete="set_null")
    deleted_at = Instant(null=True)

    index_on = (
        Index(("subject_kind", "subject_id", "file_name")),
        Index(("series", "revision"), unique=True),
        Index(("sha256",)),
    )


ALL = (Blob, File)
