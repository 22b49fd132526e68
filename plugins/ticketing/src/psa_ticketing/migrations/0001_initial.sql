-- The tables of ticketing.

CREATE TABLE "ticketing"."queue" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "description" text,
    "team" uuid,
    "is_default" boolean NOT NULL DEFAULT false,
    "is_active" boolean NOT NULL DEFAULT true,
    "sort_order" integer NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "ticketing"."status" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "color" text NOT NULL DEFAULT 'slate',
    "category" text NOT NULL DEFAULT 'open',
    "is_default" boolean NOT NULL DEFAULT false,
    "sort_order" integer NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "ticketing"."priority" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "color" text NOT NULL DEFAULT 'slate',
    "sla_multiplier" numeric(6, 3) NOT NULL DEFAULT 1,
    "is_default" boolean NOT NULL DEFAULT false,
    "sort_order" integer NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "ticketing"."ticket_type" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "is_default" boolean NOT NULL DEFAULT false,
    "sort_order" integer NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "ticketing"."category" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "parent" uuid,
    "sort_order" integer NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "ticketing"."ticket" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "number" bigint,
    "title" text NOT NULL,
    "description" text NOT NULL DEFAULT '',
    "description_html" text NOT NULL DEFAULT '',
    "status" uuid NOT NULL,
    "priority" uuid NOT NULL,
    "ticket_type" uuid NOT NULL,
    "category" uuid,
    "subcategory" uuid,
    "queue" uuid NOT NULL,
    "source" text NOT NULL DEFAULT 'api',
    "company" uuid,
    "contact" uuid,
    "site" uuid,
    "assigned_to" uuid,
    "team" uuid,
    "parent" uuid,
    "merged_into" uuid,
    "follow_up_of" uuid,
    "created_by" uuid,
    "first_response_at" timestamptz,
    "resolved_at" timestamptz,
    "first_resolved_at" timestamptz,
    "closed_at" timestamptz,
    "reopen_count" integer NOT NULL DEFAULT 0,
    "last_customer_activity_at" timestamptz,
    "last_staff_activity_at" timestamptz,
    "awaiting" text NOT NULL DEFAULT 'us',
    "scheduled_start" timestamptz,
    "scheduled_end" timestamptz,
    "estimated_hours" numeric(8, 2),
    "is_billable" boolean NOT NULL DEFAULT true,
    "billing_status" text NOT NULL DEFAULT 'not_billed',
    "external_number" text,
    "custom_fields" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "tags" text[] NOT NULL DEFAULT '{}'::text[],
    "archived_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "ticketing"."watcher" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "ticket" uuid NOT NULL,
    "account" uuid NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "ticketing"."ticket_contact" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "ticket" uuid NOT NULL,
    "contact" uuid NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "ticketing"."template" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "title" text NOT NULL,
    "description" text NOT NULL DEFAULT '',
    "priority" uuid,
    "ticket_type" uuid,
    "category" uuid,
    "queue" uuid,
    "estimated_hours" numeric(8, 2),
    "tags" text[] NOT NULL DEFAULT '{}'::text[],
    "is_active" boolean NOT NULL DEFAULT true,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "ticketing"."canned_response" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "content" text NOT NULL,
    "language" text,
    "team" uuid,
    "is_active" boolean NOT NULL DEFAULT true,
    PRIMARY KEY ("tenant_id", "id")
);
