-- Business hours, holidays, policies.

CREATE TABLE "sla"."business_hours" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "description" text,
    "timezone" text NOT NULL,
    "schedule" jsonb NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "sla"."holiday_calendar" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "description" text,
    "holidays" jsonb NOT NULL DEFAULT '[]'::jsonb,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "sla"."hours_holidays" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "hours" uuid NOT NULL,
    "calendar" uuid NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "sla"."calendar_version" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "hours" uuid NOT NULL,
    "effective_at" timestamptz NOT NULL,
    "definition" jsonb NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "sla"."policy" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "description" text,
    "is_default" boolean NOT NULL DEFAULT false,
    "business_hours" uuid NOT NULL,
    "pause_waiting_customer" boolean NOT NULL DEFAULT true,
    "pause_waiting_third_party" boolean NOT NULL DEFAULT false,
    "pause_scheduled" boolean NOT NULL DEFAULT false,
    "reopen" text NOT NULL DEFAULT 'continue',
    "warnings" text[] NOT NULL DEFAULT '{}'::text[],
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "sla"."target" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "sla_policy" uuid NOT NULL,
    "priority" uuid,
    "ticket_type" uuid,
    "first_response_hours" numeric(8, 4),
    "resolution_hours" numeric(8, 4),
    "operational_hours" text NOT NULL DEFAULT 'business_hours',
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "sla"."company_policy" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "company" uuid NOT NULL,
    "sla_policy" uuid,
    PRIMARY KEY ("tenant_id", "id")
);
