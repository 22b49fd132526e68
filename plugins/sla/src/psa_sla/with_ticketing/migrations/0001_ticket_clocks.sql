-- The clocks of tickets.

CREATE TABLE "sla"."queue_policy" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "queue" uuid NOT NULL,
    "sla_policy" uuid,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "sla"."ticket_sla" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "ticket" uuid NOT NULL,
    "sla_override" uuid,
    "sla_exempt" boolean NOT NULL DEFAULT false,
    "sla_policy" uuid,
    "sla_source" text NOT NULL DEFAULT 'none',
    "sla_state" text NOT NULL DEFAULT 'none',
    "sla_due_at" timestamptz,
    "sla_response_state" text NOT NULL DEFAULT 'none',
    "sla_response_due_at" timestamptz,
    "sla_response_breached_at" timestamptz,
    "sla_resolution_state" text NOT NULL DEFAULT 'none',
    "sla_resolution_due_at" timestamptz,
    "sla_resolution_breached_at" timestamptz,
    "sla_next_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "sla"."clock_entry" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "ticket" uuid NOT NULL,
    "clock" text NOT NULL,
    "cycle" integer NOT NULL DEFAULT 1,
    "number" integer NOT NULL,
    "at" timestamptz NOT NULL,
    "state" text NOT NULL,
    "calendar_version" uuid,
    "target_seconds" bigint,
    "cause" text NOT NULL DEFAULT '',
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "sla"."clock_notice" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "ticket" uuid NOT NULL,
    "clock" text NOT NULL,
    "cycle" integer NOT NULL,
    "threshold" text NOT NULL,
    "at" timestamptz NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);
