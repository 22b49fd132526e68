-- Identity providers, our keys for them, and assertions that arrived.

CREATE TABLE "sso_saml"."provider" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "audience" text NOT NULL DEFAULT 'staff',
    "idp_entity_id" text NOT NULL,
    "idp_sso_url" text NOT NULL,
    "idp_certificates" text NOT NULL,
    "email_attribute" text NOT NULL DEFAULT '',
    "name_attribute" text NOT NULL DEFAULT '',
    "groups_attribute" text NOT NULL DEFAULT '',
    "group_roles" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "default_role" uuid,
    "email_domains" text[] NOT NULL DEFAULT '{}'::text[],
    "trusts_email" boolean NOT NULL DEFAULT false,
    "links_by_email" boolean NOT NULL DEFAULT false,
    "creates_accounts" boolean NOT NULL DEFAULT false,
    "is_active" boolean NOT NULL DEFAULT true,
    "position" integer NOT NULL DEFAULT 100,
    "certificate" text NOT NULL DEFAULT '',
    "private_key" bytea,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "sso_saml"."arrival" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "provider" uuid NOT NULL,
    "assertion_id" text NOT NULL,
    "token_hash" text NOT NULL,
    "facts" jsonb,
    "arrived_at" timestamptz NOT NULL,
    "expires_at" timestamptz NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);
