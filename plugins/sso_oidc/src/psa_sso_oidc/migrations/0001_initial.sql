-- Identity providers, and the log-ins that came back.

CREATE TABLE "sso_oidc"."provider" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "preset" text NOT NULL DEFAULT 'other',
    "audience" text NOT NULL DEFAULT 'staff',
    "issuer" text NOT NULL DEFAULT '',
    "client_id" text NOT NULL,
    "client_secret" bytea,
    "scopes" text NOT NULL DEFAULT 'openid email profile',
    "groups_claim" text NOT NULL DEFAULT '',
    "group_roles" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "default_role" uuid,
    "email_domains" text[] NOT NULL DEFAULT '{}'::text[],
    "trusts_email" boolean NOT NULL DEFAULT false,
    "links_by_email" boolean NOT NULL DEFAULT false,
    "creates_accounts" boolean NOT NULL DEFAULT false,
    "is_active" boolean NOT NULL DEFAULT true,
    "position" integer NOT NULL DEFAULT 100,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "sso_oidc"."spent_state" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "digest" text NOT NULL,
    "expires_at" timestamptz NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);
