-- The tables of the calendar.

CREATE TABLE "calendar"."appointment" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "title" text NOT NULL,
    "description" text NOT NULL DEFAULT '',
    "notes" text NOT NULL DEFAULT '',
    "appointment_type" text NOT NULL DEFAULT 'other',
    "status" text NOT NULL DEFAULT 'scheduled',
    "start_time" timestamptz NOT NULL,
    "end_time" timestamptz NOT NULL,
    "all_day" boolean NOT NULL DEFAULT false,
    "start_date" date,
    "end_date" date,
    "location" text NOT NULL DEFAULT '',
    "is_busy" boolean NOT NULL DEFAULT true,
    "is_private" boolean NOT NULL DEFAULT false,
    "is_client_visible" boolean NOT NULL DEFAULT false,
    "allow_conflicts" boolean NOT NULL DEFAULT false,
    "reminder_minutes" jsonb NOT NULL DEFAULT '[]'::jsonb,
    "sequence" integer NOT NULL DEFAULT 0,
    "assigned_to" uuid,
    "organizer" uuid,
    "company" uuid,
    "contact" uuid,
    "site" uuid,
    "ticket" uuid,
    "project" uuid,
    "task" uuid,
    "archived_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "calendar"."attendee" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "appointment" uuid NOT NULL,
    "account" uuid NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "calendar"."guest" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "appointment" uuid NOT NULL,
    "contact" uuid NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "calendar"."invitation" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "appointment" uuid NOT NULL,
    "email" text NOT NULL,
    "name" text NOT NULL DEFAULT '',
    "sequence" integer NOT NULL DEFAULT 0,
    "state" text NOT NULL DEFAULT 'invited',
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "calendar"."feed" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "account" uuid NOT NULL,
    "name" text NOT NULL,
    "token_hash" text NOT NULL,
    "busy_only" boolean NOT NULL DEFAULT false,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "calendar"."reminder" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "appointment" uuid NOT NULL,
    "start_time" timestamptz NOT NULL,
    "offset_minutes" integer NOT NULL,
    "account" uuid NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);
