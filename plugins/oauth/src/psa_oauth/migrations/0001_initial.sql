-- Applications, consents, tokens, devices, signing keys.

CREATE TABLE "oauth"."client" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "confidential" boolean NOT NULL DEFAULT true,
    "secret_hash" text NOT NULL DEFAULT '',
    "redirect_uris" text[] NOT NULL DEFAULT '{}'::text[],
    "grant_types" text[] NOT NULL DEFAULT '{}'::text[],
    "scopes" text[] NOT NULL DEFAULT '{}'::text[],
    "owner" uuid NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "oauth"."consent" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "account" uuid NOT NULL,
    "client" uuid NOT NULL,
    "scopes" text[] NOT NULL DEFAULT '{}'::text[],
    "granted_at" timestamptz NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "oauth"."family" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "account" uuid NOT NULL,
    "client" uuid NOT NULL,
    "scopes" text[] NOT NULL DEFAULT '{}'::text[],
    "expires_at" timestamptz NOT NULL,
    "ended_at" timestamptz,
    "ended_because" text NOT NULL DEFAULT '',
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "oauth"."code" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "family" uuid NOT NULL,
    "code_hash" text NOT NULL,
    "redirect_uri" text NOT NULL,
    "challenge" text NOT NULL,
    "nonce" text NOT NULL DEFAULT '',
    "expires_at" timestamptz NOT NULL,
    "used_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "oauth"."refresh_token" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "family" uuid NOT NULL,
    "token_hash" text NOT NULL,
    "replaced_at" timestamptz,
    "salt" text NOT NULL DEFAULT '',
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "oauth"."device" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "client" uuid NOT NULL,
    "device_hash" text NOT NULL,
    "user_code" text NOT NULL,
    "scopes" text[] NOT NULL DEFAULT '{}'::text[],
    "status" text NOT NULL DEFAULT 'waiting',
    "family" uuid,
    "interval" integer NOT NULL DEFAULT 5,
    "asked_at" timestamptz,
    "expires_at" timestamptz NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "oauth"."signing_key" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "kid" text NOT NULL,
    "public" jsonb NOT NULL,
    "private" bytea,
    "retired_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);
