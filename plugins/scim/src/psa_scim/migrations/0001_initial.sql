-- Identity providers, their tokens, whom and what they sent, what was refused to them.

CREATE TABLE "scim"."provider" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "group_roles" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "default_role" uuid,
    "email_domains" text[] NOT NULL DEFAULT '{}'::text[],
    "links_by_email" boolean NOT NULL DEFAULT false,
    "is_active" boolean NOT NULL DEFAULT true,
    "last_request_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "scim"."token" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "provider" uuid NOT NULL,
    "name" text NOT NULL,
    "token_hash" text NOT NULL,
    "expires_at" timestamptz NOT NULL,
    "last_used_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "scim"."person" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "provider" uuid NOT NULL,
    "account" uuid NOT NULL,
    "user_name" text NOT NULL,
    "user_name_key" text NOT NULL,
    "external_id" text NOT NULL DEFAULT '',
    "active" boolean NOT NULL DEFAULT true,
    "document" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "deleted_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "scim"."directory_group" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "provider" uuid NOT NULL,
    "display_name" text NOT NULL,
    "external_id" text NOT NULL DEFAULT '',
    "document" jsonb NOT NULL DEFAULT '{}'::jsonb,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "scim"."membership" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "directory_group" uuid NOT NULL,
    "person" uuid NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "scim"."fault" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "provider" uuid NOT NULL,
    "operation" text NOT NULL,
    "subject" text NOT NULL DEFAULT '',
    "status" integer NOT NULL,
    "detail" text NOT NULL,
    "happened_at" timestamptz NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);
