-- Kinds of requests, what their forms ask, and what was answered.

CREATE TABLE "portal"."request_type" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "description" text NOT NULL DEFAULT '',
    "icon" text NOT NULL DEFAULT 'life-buoy',
    "is_active" boolean NOT NULL DEFAULT true,
    "sort_order" integer NOT NULL DEFAULT 0,
    "ticket_type" uuid,
    "category" uuid,
    "queue" uuid,
    "priority" uuid,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "portal"."request_field" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "request_type" uuid NOT NULL,
    "key" text NOT NULL,
    "label" text NOT NULL,
    "help" text NOT NULL DEFAULT '',
    "kind" text NOT NULL DEFAULT 'text',
    "options" text[] NOT NULL DEFAULT '{}'::text[],
    "required" boolean NOT NULL DEFAULT false,
    "required_if" text,
    "sort_order" integer NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "portal"."request_answer" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "ticket" uuid NOT NULL,
    "company" uuid,
    "request_type" uuid,
    "name" text NOT NULL,
    "answers" jsonb NOT NULL DEFAULT '[]'::jsonb,
    PRIMARY KEY ("tenant_id", "id")
);
