-- The hours of tickets.

CREATE TABLE "time"."ticket_hours" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "ticket" uuid NOT NULL,
    "actual_minutes" integer NOT NULL DEFAULT 0,
    "billable_minutes" integer NOT NULL DEFAULT 0,
    "actual_hours" numeric(10, 2) NOT NULL DEFAULT 0,
    "billable_hours" numeric(10, 2) NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

-- Whatever writes entries (the API, merges, imports, billing), the sums follow in the same transaction.
CREATE FUNCTION "time".add_ticket_minutes(tenant uuid, of_ticket uuid, worked integer, billable integer) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO "time"."ticket_hours" AS h (tenant_id, ticket, actual_minutes, billable_minutes, actual_hours, billable_hours)
    VALUES (tenant, of_ticket, worked, billable, round(worked / 60.0, 2), round(billable / 60.0, 2))
    ON CONFLICT (tenant_id, ticket) DO UPDATE SET
        actual_minutes = h.actual_minutes + excluded.actual_minutes,
        billable_minutes = h.billable_minutes + excluded.billable_minutes,
        actual_hours = round((h.actual_minutes + excluded.actual_minutes) / 60.0, 2),
        billable_hours = round((h.billable_minutes + excluded.billable_minutes) / 60.0, 2),
        version = h.version + 1,
        updated_at = current_timestamp
$$;

CREATE FUNCTION "time".keep_ticket_hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.ticket IS NOT NULL THEN
        UPDATE "time"."ticket_hours" h SET
            actual_minutes = h.actual_minutes - OLD.duration_minutes,
            billable_minutes = h.billable_minutes - OLD.billable_minutes,
            actual_hours = round((h.actual_minutes - OLD.duration_minutes) / 60.0, 2),
            billable_hours = round((h.billable_minutes - OLD.billable_minutes) / 60.0, 2),
            version = h.version + 1,
            updated_at = current_timestamp
        WHERE h.tenant_id = OLD.tenant_id AND h.ticket = OLD.ticket;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.ticket IS NOT NULL THEN
        PERFORM "time".add_ticket_minutes(NEW.tenant_id, NEW.ticket, NEW.duration_minutes, NEW.billable_minutes);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_ticket_hours_on_insert_or_delete AFTER INSERT OR DELETE ON "time"."entry"
FOR EACH ROW EXECUTE FUNCTION "time".keep_ticket_hours();

CREATE TRIGGER keep_ticket_hours_on_update AFTER UPDATE ON "time"."entry"
FOR EACH ROW WHEN (
    (OLD.ticket, OLD.duration_minutes, OLD.billable_minutes)
        IS DISTINCT FROM (NEW.ticket, NEW.duration_minutes, NEW.billable_minutes)
) EXECUTE FUNCTION "time".keep_ticket_hours();

-- The bridge may arrive after the time.
INSERT INTO "time"."ticket_hours" (tenant_id, ticket, actual_minutes, billable_minutes, actual_hours, billable_hours)
SELECT tenant_id, ticket, sum(duration_minutes), sum(billable_minutes), round(sum(duration_minutes) / 60.0, 2),
    round(sum(billable_minutes) / 60.0, 2)
FROM "time"."entry" WHERE ticket IS NOT NULL GROUP BY tenant_id, ticket;
