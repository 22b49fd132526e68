-- The tables of contacts.

CREATE TABLE "contacts"."company" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "parent" uuid,
    "company_type" text NOT NULL DEFAULT 'client',
    "status" text NOT NULL DEFAULT 'active',
    "industry" text,
    "website" text,
    "phone" text,
    "address" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "billing_address" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "tax_id" text,
    "timezone" text,
    "default_billing_contact" uuid,
    "default_technical_contact" uuid,
    "account_manager" uuid,
    "external_id" text,
    "custom_fields" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "tags" text[] NOT NULL DEFAULT '{}'::text[],
    "notes" text,
    "archived_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contacts"."contact" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "company" uuid,
    "first_name" text NOT NULL,
    "last_name" text NOT NULL DEFAULT '',
    "email" text,
    "phone" text,
    "mobile" text,
    "title" text,
    "department" text,
    "contact_type" text NOT NULL DEFAULT 'other',
    "is_primary" boolean NOT NULL DEFAULT false,
    "is_portal_user" boolean NOT NULL DEFAULT false,
    "portal_user" uuid,
    "preferred_contact_method" text NOT NULL DEFAULT 'email',
    "timezone" text,
    "is_verified" boolean NOT NULL DEFAULT true,
    "external_id" text,
    "custom_fields" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "tags" text[] NOT NULL DEFAULT '{}'::text[],
    "notes" text,
    "merged_into" uuid,
    "archived_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contacts"."contact_email" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "contact" uuid NOT NULL,
    "address" text NOT NULL,
    "normalised" text NOT NULL,
    "is_main" boolean NOT NULL DEFAULT false,
    "is_active" boolean NOT NULL DEFAULT true,
    "is_bouncing" boolean NOT NULL DEFAULT false,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contacts"."company_domain" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "company" uuid NOT NULL,
    "domain" text NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contacts"."site" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "company" uuid NOT NULL,
    "name" text NOT NULL,
    "address" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "phone" text,
    "is_primary" boolean NOT NULL DEFAULT false,
    "timezone" text,
    "notes" text,
    "external_id" text,
    "custom_fields" jsonb NOT NULL DEFAULT '{}'::jsonb,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contacts"."contact_merge" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "winner" uuid NOT NULL,
    "loser" uuid NOT NULL,
    "moved" jsonb NOT NULL,
    "before" jsonb NOT NULL,
    "undo_until" timestamptz NOT NULL,
    "undone_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);
