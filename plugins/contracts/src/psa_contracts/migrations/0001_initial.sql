-- The tables of contracts.

CREATE TABLE "contracts"."rate_card" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "description" text NOT NULL DEFAULT '',
    "is_default" boolean NOT NULL DEFAULT false,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contracts"."rate_card_version" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "rate_card" uuid NOT NULL,
    "starts_on" date NOT NULL,
    "note" text NOT NULL DEFAULT '',
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contracts"."rate_card_item" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "version_of_card" uuid NOT NULL,
    "work_type" uuid,
    "hourly_rate" numeric(12, 4) NOT NULL,
    "after_hours_rate" numeric(12, 4),
    "emergency_rate" numeric(12, 4),
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contracts"."contract" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "number" integer NOT NULL,
    "name" text NOT NULL,
    "company" uuid NOT NULL,
    "site" uuid,
    "contract_type" text NOT NULL,
    "status" text NOT NULL DEFAULT 'draft',
    "start_date" date NOT NULL,
    "end_date" date,
    "anchor_date" date NOT NULL,
    "billing_cycle" text NOT NULL DEFAULT 'monthly',
    "billing_timing" text NOT NULL DEFAULT 'advance',
    "first_period" text NOT NULL DEFAULT 'prorate',
    "billing_amount" numeric(16, 4) NOT NULL DEFAULT 0,
    "currency" text NOT NULL,
    "auto_renew" boolean NOT NULL DEFAULT false,
    "renewal_months" integer NOT NULL DEFAULT 12,
    "notice_days" integer NOT NULL DEFAULT 30,
    "uplift_percent" numeric(6, 3) NOT NULL DEFAULT 0,
    "notice_given_on" date,
    "cancellation_reason" text,
    "labour" text NOT NULL,
    "weighted_burn" boolean NOT NULL DEFAULT true,
    "overage_multiplied" boolean NOT NULL DEFAULT false,
    "is_default" boolean NOT NULL DEFAULT true,
    "covers_children" boolean NOT NULL DEFAULT false,
    "rate_card" uuid,
    "after_hours_multiplier" numeric(6, 3),
    "rounding_increment" integer,
    "rounding_method" text NOT NULL DEFAULT 'up',
    "rounding_minimum" integer NOT NULL DEFAULT 0,
    "rounding_scope" text NOT NULL DEFAULT 'entry',
    "top_up_minutes" integer,
    "top_up_price" numeric(14, 4),
    "po_number" text,
    "signed_date" date,
    "signed_by" uuid,
    "terms" text NOT NULL DEFAULT '',
    "notes" text NOT NULL DEFAULT '',
    "custom_fields" jsonb NOT NULL DEFAULT '{}'::jsonb,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contracts"."item" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "contract" uuid NOT NULL,
    "name" text NOT NULL,
    "description" text NOT NULL DEFAULT '',
    "item_type" text NOT NULL DEFAULT 'recurring_service',
    "quantity" numeric(14, 4) NOT NULL DEFAULT 1,
    "unit_price" numeric(14, 4) NOT NULL DEFAULT 0,
    "included_minutes" integer NOT NULL DEFAULT 0,
    "overage_rate" numeric(12, 4),
    "effective_on" date NOT NULL,
    "starts_on" date NOT NULL,
    "ends_on" date,
    "billing_frequency" text,
    "decrease_policy" text NOT NULL DEFAULT 'credit',
    "work_type" uuid,
    "rollover_minutes" integer NOT NULL DEFAULT 0,
    "valid_months" integer,
    "counter" text,
    "quantity_rule" text NOT NULL DEFAULT 'at_end',
    "completed_on" date,
    "tax_category" text NOT NULL DEFAULT '',
    "sort_order" integer NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contracts"."item_revision" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "item" uuid NOT NULL,
    "sequence" integer NOT NULL,
    "effective_on" date NOT NULL,
    "quantity" numeric(14, 4) NOT NULL,
    "unit_price" numeric(14, 4) NOT NULL,
    "included_minutes" integer NOT NULL,
    "overage_rate" numeric(12, 4),
    "cause" text NOT NULL DEFAULT 'changed',
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contracts"."term" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "contract" uuid NOT NULL,
    "number" integer NOT NULL,
    "starts_on" date NOT NULL,
    "ends_on" date,
    "origin" text NOT NULL DEFAULT 'first',
    "uplift_percent" numeric(6, 3) NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contracts"."version" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "contract" uuid NOT NULL,
    "number" integer NOT NULL,
    "cause" text NOT NULL,
    "changed" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "snapshot" jsonb NOT NULL,
    "author_id" uuid NOT NULL,
    "author_name" text NOT NULL,
    "signed_on" date,
    "signatory_id" uuid,
    "document_id" uuid,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contracts"."alert" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "contract" uuid NOT NULL,
    "kind" text NOT NULL,
    "occasion" text NOT NULL,
    "threshold" integer NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contracts"."excluded_work" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "contract" uuid NOT NULL,
    "work_type" uuid NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contracts"."covered_asset" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "contract" uuid NOT NULL,
    "asset" uuid NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contracts"."hour_grant" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "contract" uuid NOT NULL,
    "item" uuid,
    "key" text NOT NULL,
    "kind" text NOT NULL DEFAULT 'manual',
    "minutes" integer NOT NULL,
    "balance_minutes" integer NOT NULL DEFAULT 0,
    "valid_from" date NOT NULL,
    "expires_on" date,
    "granted_on" date NOT NULL,
    "work_type" uuid,
    "follows" text NOT NULL DEFAULT '',
    "note" text NOT NULL DEFAULT '',
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contracts"."hour_entry" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "contract" uuid NOT NULL,
    "hour_grant" uuid NOT NULL,
    "kind" text NOT NULL,
    "minutes" integer NOT NULL,
    "source_id" uuid,
    "posted_on" date NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contracts"."charge" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "contract" uuid NOT NULL,
    "item" uuid NOT NULL,
    "sequence" integer NOT NULL DEFAULT 0,
    "period_start" date NOT NULL,
    "period_end" date NOT NULL,
    "quantity" numeric(14, 4) NOT NULL,
    "unit_price" numeric(14, 4) NOT NULL,
    "amount" numeric(16, 4) NOT NULL,
    "currency" text NOT NULL,
    "counted_ids" jsonb,
    "invoice" uuid,
    "invoice_line" uuid,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "contracts"."quantity_count" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "item" uuid NOT NULL,
    "counted_on" date NOT NULL,
    "quantity" integer NOT NULL,
    "counted_ids" jsonb NOT NULL DEFAULT '[]'::jsonb,
    PRIMARY KEY ("tenant_id", "id")
);

-- A grant's balance is the sum of its ledger. Once per statement: what is moved within one may pass through zero.
CREATE FUNCTION "contracts".keep_hour_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE "contracts"."hour_grant" g
    SET balance_minutes = g.balance_minutes + posted.minutes, version = g.version + 1, updated_at = current_timestamp
    FROM (SELECT tenant_id, hour_grant, sum(minutes)::integer AS minutes FROM added GROUP BY 1, 2) posted
    WHERE (g.tenant_id, g.id) = (posted.tenant_id, posted.hour_grant) AND posted.minutes <> 0;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_hour_balance AFTER INSERT ON "contracts"."hour_entry"
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION "contracts".keep_hour_balance();

-- A revision says what was agreed; another one is added, none is rewritten.
CREATE TRIGGER keep_revision BEFORE UPDATE ON "contracts"."item_revision"
FOR EACH ROW EXECUTE FUNCTION psa.refuse_change();
