-- initial.

CREATE TABLE "automation"."rule" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "description" text NOT NULL DEFAULT '',
    "resource" text NOT NULL,
    "trigger_type" text NOT NULL,
    "trigger_options" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "conditions" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "actions" jsonb NOT NULL DEFAULT '[]'::jsonb,
    "priority" integer NOT NULL DEFAULT 100,
    "is_active" boolean NOT NULL DEFAULT true,
    "stops" boolean NOT NULL DEFAULT false,
    "consecutive_failures" integer NOT NULL DEFAULT 0,
    "disabled_reason" text NOT NULL DEFAULT '',
    "next_run_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "automation"."run" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "rule" uuid NOT NULL,
    "subject_kind" text NOT NULL,
    "subject_id" uuid NOT NULL,
    "trigger" text NOT NULL,
    "cycle" text NOT NULL,
    "level" integer NOT NULL DEFAULT 0,
    "outcome" text NOT NULL DEFAULT 'done',
    "detail" jsonb NOT NULL DEFAULT '[]'::jsonb,
    "error" text NOT NULL DEFAULT '',
    "milliseconds" integer NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "automation"."timer" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "rule" uuid NOT NULL,
    "subject_id" uuid NOT NULL,
    "cycle" text NOT NULL,
    "due_at" timestamptz NOT NULL,
    "fired_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "automation"."assignee" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "account" uuid NOT NULL,
    "skills" text[] NOT NULL DEFAULT '{}'::text[],
    "tier" integer NOT NULL DEFAULT 1,
    "works_from" text,
    "works_until" text,
    "works_on" text[] NOT NULL DEFAULT '{}'::text[],
    "away_from" date,
    "away_until" date,
    "most_open" integer,
    "takes_work" boolean NOT NULL DEFAULT true,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "automation"."turn" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "team" uuid NOT NULL,
    "account" uuid NOT NULL,
    "last_at" timestamptz NOT NULL,
    "place" integer NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "automation"."vacancy" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "team" uuid NOT NULL,
    "since" timestamptz NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);
