-- initial.

CREATE TABLE "automation"."ticket_since" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "ticket" uuid NOT NULL,
    "status_since" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "automation"."recurring_ticket" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "title" text NOT NULL,
    "description" text NOT NULL DEFAULT '',
    "company" uuid,
    "contact" uuid,
    "queue" uuid,
    "priority" uuid,
    "ticket_type" uuid,
    "assigned_to" uuid,
    "team" uuid,
    "tags" text[] NOT NULL DEFAULT '{}'::text[],
    "recurrence" text NOT NULL,
    "starts_on" date NOT NULL,
    "at" text NOT NULL DEFAULT '08:00',
    "catch_up" text NOT NULL DEFAULT 'last',
    "is_active" boolean NOT NULL DEFAULT true,
    "next_at" timestamptz,
    "last_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "automation"."occurrence" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "recurring_ticket" uuid NOT NULL,
    "occurs_at" timestamptz NOT NULL,
    "ticket" uuid,
    "outcome" text NOT NULL DEFAULT 'opened',
    "detail" text NOT NULL DEFAULT '',
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "automation"."close_gate" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "queue" uuid,
    "required_fields" text[] NOT NULL DEFAULT '{}'::text[],
    "needs_time" boolean NOT NULL DEFAULT false,
    "needs_resolution" boolean NOT NULL DEFAULT false,
    "needs_checklist" boolean NOT NULL DEFAULT false,
    "is_active" boolean NOT NULL DEFAULT true,
    PRIMARY KEY ("tenant_id", "id")
);
