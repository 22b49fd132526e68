-- The tables of the dummy plugin.

CREATE TABLE "dummy"."gadget" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "kind" text NOT NULL DEFAULT 'laptop',
    "state" text NOT NULL DEFAULT 'here',
    "number" bigint NOT NULL DEFAULT 0,
    "company" uuid,
    "keeper" uuid,
    "parent" uuid,
    "batteries" integer NOT NULL DEFAULT 1,
    "portable" boolean NOT NULL DEFAULT true,
    "weight_kg" numeric(8, 3) NOT NULL DEFAULT 1,
    "price" jsonb,
    "location" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "bought_on" date,
    "checked_at" timestamptz,
    "vendor_reference" uuid,
    "unlock_code" bytea,
    "tags" text[] NOT NULL DEFAULT '{}'::text[],
    "custom_fields" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "seen_at" timestamptz,
    "retired_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "dummy"."label" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "dummy"."gadget_label" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "gadget" uuid NOT NULL,
    "label" uuid NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "dummy"."inspection" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "gadget" uuid NOT NULL,
    "finding" text NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "dummy"."remark" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "subject_kind" text NOT NULL,
    "subject_id" uuid NOT NULL,
    "text" text NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "dummy"."standing" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "company" uuid NOT NULL,
    "lending_grade" text,
    "lending_contact" uuid,
    PRIMARY KEY ("tenant_id", "id")
);
