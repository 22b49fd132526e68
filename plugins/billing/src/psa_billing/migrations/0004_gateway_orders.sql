ALTER TABLE "billing"."attempt"
    ADD COLUMN "kind" text NOT NULL DEFAULT 'page',
    ADD COLUMN "day" date,
    ADD COLUMN "saved_method" text NOT NULL DEFAULT '',
    ADD COLUMN "expires_at" timestamptz;

CREATE TABLE "billing"."gateway_customer" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "provider" text NOT NULL,
    "company" uuid NOT NULL,
    "reference" text NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."saved_method" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "provider" text NOT NULL,
    "company" uuid NOT NULL,
    "reference" text NOT NULL,
    "kind" text NOT NULL DEFAULT 'card',
    "label" text NOT NULL,
    "expires_on" date,
    "is_autopay" boolean NOT NULL DEFAULT false,
    "failure" text NOT NULL DEFAULT '',
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."gateway_refund" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "payment" uuid NOT NULL,
    "amount" numeric NOT NULL,
    "state" text NOT NULL DEFAULT 'pending',
    "reference" text,
    "failure" text NOT NULL DEFAULT '',
    PRIMARY KEY ("tenant_id", "id")
);
