-- Invoices follow their company when it is merged into another one: what they say of the buyer is a copy and stays.

CREATE OR REPLACE FUNCTION "billing".keep_finalised() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    free text[] := ARRAY['version', 'updated_at', 'status', 'amount_paid', 'amount_written_off', 'balance_due', 'notes',
        'internal_notes', 'reason', 'in_dispute', 'is_processing', 'reminders_paused', 'promised_on', 'sent_at',
        'paid_at', 'voided_at', 'voided_on', 'billing_contact', 'batch', 'approved_by', 'company'];
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

CREATE OR REPLACE FUNCTION "billing".keep_finalised_lines() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    free text[] := ARRAY['version', 'updated_at', 'ticket', 'project', 'product', 'tax_category', 'company'];
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
