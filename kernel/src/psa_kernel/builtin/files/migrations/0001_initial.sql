-- The tables of files.

CREATE TABLE "psa"."blob" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "sha256" text NOT NULL,
    "size" bigint NOT NULL,
    "scan_state" text NOT NULL DEFAULT 'clean',
    "unused_since" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "psa"."file" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "subject_kind" text,
    "subject_id" uuid,
    "company" uuid,
    "file_name" text NOT NULL,
    "file_size" bigint NOT NULL,
    "mime_type" text NOT NULL,
    "sha256" text NOT NULL,
    "series" uuid NOT NULL,
    "revision" integer NOT NULL DEFAULT 1,
    "is_current" boolean NOT NULL DEFAULT true,
    "is_internal" boolean NOT NULL DEFAULT false,
    "uploaded_by" uuid,
    "deleted_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);
