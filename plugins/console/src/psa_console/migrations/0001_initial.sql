-- The tables of the console.

CREATE TABLE "console"."csv_import" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "account" uuid NOT NULL,
    "target" text NOT NULL,
    "file_name" text NOT NULL,
    "file" uuid,
    "state" text NOT NULL DEFAULT 'uploaded',
    "fault" text NOT NULL DEFAULT '',
    "row_count" integer NOT NULL DEFAULT 0,
    "done_count" integer NOT NULL DEFAULT 0,
    "mapping" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "created_count" integer NOT NULL DEFAULT 0,
    "updated_count" integer NOT NULL DEFAULT 0,
    "unchanged_count" integer NOT NULL DEFAULT 0,
    "skipped_count" integer NOT NULL DEFAULT 0,
    "problems" jsonb NOT NULL DEFAULT '[]'::jsonb,
    "refused" jsonb NOT NULL DEFAULT '[]'::jsonb,
    "finished_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "console"."notification" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "account" uuid NOT NULL,
    "kind" text NOT NULL,
    "title" text NOT NULL,
    "detail" text NOT NULL DEFAULT '',
    "actor_name" text NOT NULL DEFAULT '',
    "subject_kind" text NOT NULL,
    "subject_id" uuid NOT NULL,
    "read_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);
