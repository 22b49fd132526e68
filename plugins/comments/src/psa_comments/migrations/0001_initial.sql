-- The tables of comments.

CREATE TABLE "comments"."comment" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "subject_kind" text NOT NULL,
    "subject_id" uuid NOT NULL,
    "company" uuid,
    "parent" uuid,
    "note_type" text NOT NULL DEFAULT 'internal',
    "content" text NOT NULL,
    "content_html" text NOT NULL,
    "author" uuid,
    "author_kind" text NOT NULL DEFAULT 'system',
    "author_name" text NOT NULL DEFAULT '',
    "is_automated" boolean NOT NULL DEFAULT false,
    "is_email_sent" boolean NOT NULL DEFAULT false,
    "edited_at" timestamptz,
    "edit_count" integer NOT NULL DEFAULT 0,
    "deleted_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "comments"."comment_revision" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "comment" uuid NOT NULL,
    "content" text NOT NULL,
    "note_type" text NOT NULL,
    "edited_by" uuid,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "comments"."mention" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "comment" uuid NOT NULL,
    "account" uuid NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);
