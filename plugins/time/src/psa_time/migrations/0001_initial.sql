-- The tables of time.

CREATE TABLE "time"."work_type" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "description" text,
    "default_billable" boolean NOT NULL DEFAULT true,
    "default_rate" numeric(12, 4),
    "rate_multiplier" numeric(6, 3) NOT NULL DEFAULT 1,
    "rounding_rule" uuid,
    "is_active" boolean NOT NULL DEFAULT true,
    "sort_order" integer NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "time"."rounding_rule" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "increment_minutes" integer NOT NULL DEFAULT 15,
    "rounding_method" text NOT NULL DEFAULT 'up',
    "minimum_minutes" integer NOT NULL DEFAULT 0,
    "scope" text NOT NULL DEFAULT 'entry',
    "is_default" boolean NOT NULL DEFAULT false,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "time"."hourly_rate" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "account" uuid,
    "company" uuid,
    "project" uuid,
    "work_type" uuid,
    "hourly_rate" numeric(12, 4) NOT NULL,
    "starts_on" date NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "time"."entry" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "account" uuid NOT NULL,
    "date" date NOT NULL,
    "start_time" text,
    "end_time" text,
    "started_at" timestamptz,
    "ended_at" timestamptz,
    "timezone" text NOT NULL,
    "duration_minutes" integer NOT NULL,
    "billable_minutes" integer NOT NULL DEFAULT 0,
    "work_type" uuid NOT NULL,
    "ticket" uuid,
    "project" uuid,
    "task" uuid,
    "company" uuid NOT NULL,
    "contract" uuid,
    "notes" text NOT NULL DEFAULT '',
    "internal_notes" text NOT NULL DEFAULT '',
    "is_billable" boolean NOT NULL DEFAULT true,
    "is_no_charge" boolean NOT NULL DEFAULT false,
    "rate_override" numeric(12, 4),
    "hourly_rate" numeric(12, 4),
    "rate_source" text NOT NULL DEFAULT 'none',
    "segments" jsonb NOT NULL DEFAULT '[]'::jsonb,
    "total_amount" numeric(14, 4) NOT NULL DEFAULT 0,
    "currency" text NOT NULL,
    "rounding_rule" uuid,
    "rounding" jsonb NOT NULL,
    "session" uuid,
    "timer" uuid,
    "timesheet" uuid,
    "needs_review" boolean NOT NULL DEFAULT false,
    "review_reason" text,
    "approval_status" text NOT NULL DEFAULT 'draft',
    "rejection_reason" text,
    "approved_by" uuid,
    "approved_at" timestamptz,
    "billing_status" text NOT NULL DEFAULT 'not_billed',
    "invoice" uuid,
    "invoice_line" uuid,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "time"."timer" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "account" uuid NOT NULL,
    "state" text NOT NULL DEFAULT 'paused',
    "running_since" timestamptz,
    "first_started_at" timestamptz NOT NULL,
    "stopped_at" timestamptz,
    "segments" jsonb NOT NULL DEFAULT '[]'::jsonb,
    "work_type" uuid,
    "ticket" uuid,
    "project" uuid,
    "task" uuid,
    "company" uuid,
    "notes" text NOT NULL DEFAULT '',
    "needs_review" boolean NOT NULL DEFAULT false,
    "reminded_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "time"."timesheet" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "account" uuid NOT NULL,
    "start_date" date NOT NULL,
    "end_date" date NOT NULL,
    "status" text NOT NULL DEFAULT 'open',
    "submitted_at" timestamptz,
    "decided_at" timestamptz,
    "decided_by" uuid,
    "rejection_reason" text,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "time"."approval_delegation" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "approver" uuid NOT NULL,
    "delegate" uuid NOT NULL,
    "starts_on" date NOT NULL,
    "ends_on" date NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "time"."work_schedule" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "account" uuid NOT NULL,
    "starts_on" date NOT NULL,
    "ends_on" date,
    "monday" integer NOT NULL DEFAULT 480,
    "tuesday" integer NOT NULL DEFAULT 480,
    "wednesday" integer NOT NULL DEFAULT 480,
    "thursday" integer NOT NULL DEFAULT 480,
    "friday" integer NOT NULL DEFAULT 480,
    "saturday" integer NOT NULL DEFAULT 0,
    "sunday" integer NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "time"."entry_template" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "owner" uuid,
    "work_type" uuid,
    "company" uuid,
    "project" uuid,
    "duration_minutes" integer,
    "notes" text NOT NULL DEFAULT '',
    "is_billable" boolean NOT NULL DEFAULT true,
    PRIMARY KEY ("tenant_id", "id")
);
