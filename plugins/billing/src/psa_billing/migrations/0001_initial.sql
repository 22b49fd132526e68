-- initial.

CREATE TABLE "billing"."tax_category" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "key" text NOT NULL,
    "name" text NOT NULL,
    "treatment" text NOT NULL DEFAULT 'taxable',
    "is_default" boolean NOT NULL DEFAULT false,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."tax_rate" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "name" text NOT NULL,
    "tax_category" uuid,
    "jurisdiction" text NOT NULL DEFAULT '',
    "rate" numeric(9, 6) NOT NULL,
    "is_compound" boolean NOT NULL DEFAULT false,
    "is_default" boolean NOT NULL DEFAULT false,
    "is_active" boolean NOT NULL DEFAULT true,
    "sort_order" integer NOT NULL DEFAULT 0,
    "starts_on" date,
    "ends_on" date,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."profile" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "company" uuid NOT NULL,
    "payment_terms" text,
    "billing_currency" text,
    "billing_email" text,
    "billing_language" text,
    "tax_status" text NOT NULL DEFAULT 'taxable',
    "tax_jurisdiction" text NOT NULL DEFAULT '',
    "exemption_certificate" text,
    "exemption_expires_on" date,
    "invoice_grouping" text,
    "invoice_consolidation" text NOT NULL DEFAULT 'together',
    "po_required" boolean NOT NULL DEFAULT false,
    "default_po_number" text,
    "po_limit" numeric,
    "reminders_paused" boolean NOT NULL DEFAULT false,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."product" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "sku" text,
    "name" text NOT NULL,
    "description" text,
    "unit" text NOT NULL DEFAULT '',
    "unit_price" numeric(16, 6) NOT NULL DEFAULT 0,
    "currency" text NOT NULL,
    "tax_category" uuid,
    "recognition" text NOT NULL DEFAULT 'at_once',
    "is_active" boolean NOT NULL DEFAULT true,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."product_price" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "product" uuid NOT NULL,
    "company" uuid,
    "currency" text NOT NULL,
    "unit_price" numeric(16, 6) NOT NULL,
    "starts_on" date NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."counter" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "kind" text NOT NULL,
    "year" integer NOT NULL DEFAULT 0,
    "last_number" bigint NOT NULL DEFAULT 0,
    "last_date" date,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."batch" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "status" text NOT NULL DEFAULT 'running',
    "through" date NOT NULL,
    "invoice_date" date NOT NULL,
    "finalise" boolean NOT NULL DEFAULT false,
    "companies" integer NOT NULL DEFAULT 0,
    "done" integer NOT NULL DEFAULT 0,
    "created" integer NOT NULL DEFAULT 0,
    "skipped" integer NOT NULL DEFAULT 0,
    "failed" integer NOT NULL DEFAULT 0,
    "finished_at" timestamptz,
    "started_by" uuid,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."batch_item" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "batch" uuid NOT NULL,
    "company" uuid NOT NULL,
    "state" text NOT NULL DEFAULT 'waiting',
    "reason" text NOT NULL DEFAULT '',
    "invoices" integer NOT NULL DEFAULT 0,
    "amount" numeric NOT NULL DEFAULT 0,
    "currency" text NOT NULL DEFAULT '',
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."invoice" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "invoice_number" text,
    "kind" text NOT NULL DEFAULT 'invoice',
    "status" text NOT NULL DEFAULT 'draft',
    "company" uuid NOT NULL,
    "billing_contact" uuid,
    "contract" uuid,
    "credits" uuid,
    "batch" uuid,
    "invoice_date" date NOT NULL,
    "due_date" date NOT NULL,
    "payment_terms" text NOT NULL,
    "currency" text NOT NULL,
    "tax_rounding" text NOT NULL DEFAULT 'per_group',
    "prices_include_tax" boolean NOT NULL DEFAULT false,
    "discount_percent" numeric(7, 4) NOT NULL DEFAULT 0,
    "discount_fixed" numeric NOT NULL DEFAULT 0,
    "discount_reduces_tax" boolean NOT NULL DEFAULT true,
    "subtotal" numeric NOT NULL DEFAULT 0,
    "discount_amount" numeric NOT NULL DEFAULT 0,
    "tax_amount" numeric NOT NULL DEFAULT 0,
    "total" numeric NOT NULL DEFAULT 0,
    "taxes" jsonb NOT NULL DEFAULT '[]'::jsonb,
    "amount_paid" numeric NOT NULL DEFAULT 0,
    "amount_written_off" numeric NOT NULL DEFAULT 0,
    "balance_due" numeric NOT NULL DEFAULT 0,
    "notes" text NOT NULL DEFAULT '',
    "internal_notes" text NOT NULL DEFAULT '',
    "po_number" text,
    "language" text NOT NULL DEFAULT 'en',
    "seller" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "buyer" jsonb NOT NULL DEFAULT '{}'::jsonb,
    "terms_text" text NOT NULL DEFAULT '',
    "template" text NOT NULL DEFAULT '',
    "warnings" jsonb NOT NULL DEFAULT '[]'::jsonb,
    "reason" text NOT NULL DEFAULT '',
    "in_dispute" boolean NOT NULL DEFAULT false,
    "is_processing" boolean NOT NULL DEFAULT false,
    "reminders_paused" boolean NOT NULL DEFAULT false,
    "promised_on" date,
    "approved_by" uuid,
    "approved_at" timestamptz,
    "finalised_at" timestamptz,
    "sent_at" timestamptz,
    "paid_at" timestamptz,
    "voided_at" timestamptz,
    "voided_on" date,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."invoice_line" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "invoice" uuid NOT NULL,
    "company" uuid NOT NULL,
    "line_type" text NOT NULL DEFAULT 'service',
    "description" text NOT NULL,
    "quantity" numeric(14, 4) NOT NULL DEFAULT 1,
    "unit" text NOT NULL DEFAULT '',
    "unit_price" numeric(16, 6) NOT NULL DEFAULT 0,
    "exact_amount" numeric(20, 10),
    "discount_percent" numeric(7, 4) NOT NULL DEFAULT 0,
    "total" numeric NOT NULL DEFAULT 0,
    "discount_amount" numeric NOT NULL DEFAULT 0,
    "tax_amount" numeric NOT NULL DEFAULT 0,
    "taxes" jsonb NOT NULL DEFAULT '[]'::jsonb,
    "tax_category" uuid,
    "date" date,
    "period_start" date,
    "period_end" date,
    "recognition" text NOT NULL DEFAULT 'at_once',
    "group_title" text NOT NULL DEFAULT '',
    "ticket" uuid,
    "project" uuid,
    "product" uuid,
    "credits_line" uuid,
    "source" text NOT NULL DEFAULT '',
    "time_entry_ids" jsonb NOT NULL DEFAULT '[]'::jsonb,
    "sort_order" integer NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."claim" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "source" text NOT NULL,
    "key" text NOT NULL,
    "invoice" uuid NOT NULL,
    "line" uuid NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."payment" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "company" uuid NOT NULL,
    "invoice" uuid,
    "payment_date" date NOT NULL,
    "amount" numeric NOT NULL,
    "currency" text NOT NULL,
    "payment_method" text NOT NULL DEFAULT 'other',
    "reference_number" text,
    "gateway" text,
    "gateway_transaction_id" text,
    "fee" numeric,
    "notes" text NOT NULL DEFAULT '',
    "status" text NOT NULL DEFAULT 'received',
    "failure" text NOT NULL DEFAULT '',
    "amount_applied" numeric NOT NULL DEFAULT 0,
    "amount_refunded" numeric NOT NULL DEFAULT 0,
    "amount_disputed" numeric NOT NULL DEFAULT 0,
    "unapplied" numeric NOT NULL DEFAULT 0,
    "needs_attention" text NOT NULL DEFAULT '',
    "failed_on" date,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."allocation" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "invoice" uuid NOT NULL,
    "company" uuid NOT NULL,
    "kind" text NOT NULL DEFAULT 'payment',
    "payment" uuid,
    "credit_memo" uuid,
    "amount" numeric NOT NULL,
    "date" date NOT NULL,
    "reversed_on" date,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."refund" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "company" uuid NOT NULL,
    "payment" uuid,
    "credit_memo" uuid,
    "amount" numeric NOT NULL,
    "currency" text NOT NULL,
    "date" date NOT NULL,
    "refund_method" text NOT NULL DEFAULT 'other',
    "reference_number" text,
    "reason" text NOT NULL DEFAULT '',
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."delivery" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "kind" text NOT NULL,
    "company" uuid NOT NULL,
    "invoice" uuid,
    "payment" uuid,
    "step" integer NOT NULL DEFAULT 0,
    "recipients" jsonb NOT NULL DEFAULT '[]'::jsonb,
    "state" text NOT NULL DEFAULT 'queued',
    "detail" text NOT NULL DEFAULT '',
    "as_of" date,
    "sent_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."revenue_entry" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "invoice" uuid NOT NULL,
    "line" uuid,
    "company" uuid NOT NULL,
    "date" date NOT NULL,
    "amount" numeric NOT NULL,
    "currency" text NOT NULL,
    "reason" text NOT NULL DEFAULT 'earned',
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."gateway_config" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "provider" text NOT NULL,
    "is_active" boolean NOT NULL DEFAULT false,
    "is_test_mode" boolean NOT NULL DEFAULT true,
    "config" bytea,
    "fields" jsonb NOT NULL DEFAULT '[]'::jsonb,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."attempt" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "provider" text NOT NULL,
    "reference" text,
    "company" uuid NOT NULL,
    "invoices" jsonb NOT NULL,
    "amount" numeric NOT NULL,
    "currency" text NOT NULL,
    "state" text NOT NULL DEFAULT 'pending',
    "failure" text NOT NULL DEFAULT '',
    "is_hard" boolean NOT NULL DEFAULT false,
    "automatic" boolean NOT NULL DEFAULT false,
    "redirect" text NOT NULL DEFAULT '',
    "payment" uuid,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "billing"."gateway_event" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "provider" text NOT NULL,
    "event" text NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

-- What is finalised stays as it is (BILL-04), whoever writes. Payments, letters and internal words go on; the
-- erasure of a tenant sets app.purge.
CREATE FUNCTION "billing".keep_finalised() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    free text[] := ARRAY['version', 'updated_at', 'status', 'amount_paid', 'amount_written_off', 'balance_due', 'notes',
        'internal_notes', 'reason', 'in_dispute', 'is_processing', 'reminders_paused', 'promised_on', 'sent_at',
        'paid_at', 'voided_at', 'voided_on', 'billing_contact', 'batch', 'approved_by'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF current_setting('app.purge', true) = 'on' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'invoice % is finalised: it can be voided, not deleted', OLD.invoice_number
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.sent_at IS NULL THEN
        free := free || 'po_number'::text;
    END IF;
    IF to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free OR OLD.status = 'void' AND NEW.status <> 'void' THEN
        RAISE EXCEPTION 'invoice % is finalised: it can be credited or voided, not changed', OLD.invoice_number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER keep_finalised BEFORE UPDATE OR DELETE ON "billing"."invoice"
FOR EACH ROW WHEN (OLD.finalised_at IS NOT NULL) EXECUTE FUNCTION "billing".keep_finalised();

-- Lines of what was finalised in an earlier transaction; a restored tenant brings both in one.
CREATE FUNCTION "billing".keep_finalised_lines() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    free text[] := ARRAY['version', 'updated_at', 'ticket', 'project', 'product', 'tax_category'];
    owner "billing"."invoice";
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('app.purge', true) = 'on' THEN
        RETURN OLD;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        SELECT * INTO owner FROM "billing"."invoice" i
        WHERE i.tenant_id = OLD.tenant_id AND i.id = OLD.invoice AND i.finalised_at IS NOT NULL;
        IF FOUND AND (TG_OP = 'DELETE' OR to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free) THEN
            RAISE EXCEPTION 'invoice % is finalised: its lines stay', owner.invoice_number
                USING ERRCODE = 'restrict_violation';
        END IF;
    ELSE
        SELECT * INTO owner FROM "billing"."invoice" i
        WHERE i.tenant_id = NEW.tenant_id AND i.id = NEW.invoice AND i.finalised_at IS NOT NULL
            AND i.xmin <> pg_current_xact_id()::xid;
        IF FOUND THEN
            RAISE EXCEPTION 'invoice % is finalised: it takes no more lines', owner.invoice_number
                USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER keep_finalised_lines BEFORE INSERT OR UPDATE OR DELETE ON "billing"."invoice_line"
FOR EACH ROW EXECUTE FUNCTION "billing".keep_finalised_lines();
