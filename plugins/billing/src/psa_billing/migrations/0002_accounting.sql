-- accounting.

CREATE TABLE "billing"."account_mapping" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "kind" text NOT NULL,
    "key" text NOT NULL DEFAULT '',
    "account" text NOT NULL,
    "name" text NOT NULL DEFAULT '',
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."accounting_export" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "status" text NOT NULL DEFAULT 'exported',
    "through" date NOT NULL,
    "documents" integer NOT NULL DEFAULT 0,
    "exported_by" uuid,
    "cancelled_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."accounting_entry" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "export" uuid NOT NULL,
    "company" uuid NOT NULL,
    "kind" text NOT NULL,
    "document" uuid NOT NULL,
    "reference" text NOT NULL,
    "date" date NOT NULL,
    "amount" numeric NOT NULL DEFAULT 0,
    "currency" text NOT NULL,
    "content_hash" text NOT NULL,
    "external_id" text,
    PRIMARY KEY ("tenant_id", "id")
);
