-- Checklists, presence, surveys.

CREATE TABLE "ticketing"."template_item" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "template" uuid NOT NULL,
    "title" text NOT NULL,
    "sort_order" integer NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "ticketing"."checklist_item" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "ticket" uuid NOT NULL,
    "title" text NOT NULL,
    "sort_order" integer NOT NULL DEFAULT 0,
    "is_done" boolean NOT NULL DEFAULT false,
    "done_at" timestamptz,
    "done_by" uuid,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "ticketing"."checklist_progress" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "ticket" uuid NOT NULL,
    "checklist_total" integer NOT NULL DEFAULT 0,
    "checklist_done" integer NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);

-- Whatever writes steps (the API, merges, imports), the counts follow in the same transaction.
CREATE FUNCTION "ticketing".add_checklist_steps(tenant uuid, of_ticket uuid, steps integer, done integer) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO "ticketing"."checklist_progress" AS p (tenant_id, ticket, checklist_total, checklist_done)
    VALUES (tenant, of_ticket, steps, done)
    ON CONFLICT (tenant_id, ticket) DO UPDATE SET
        checklist_total = p.checklist_total + excluded.checklist_total,
        checklist_done = p.checklist_done + excluded.checklist_done,
        version = p.version + 1,
        updated_at = current_timestamp
$$;

CREATE FUNCTION "ticketing".keep_checklist_progress() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE "ticketing"."checklist_progress" p SET
            checklist_total = p.checklist_total - 1,
            checklist_done = p.checklist_done - OLD.is_done::integer,
            version = p.version + 1,
            updated_at = current_timestamp
        WHERE p.tenant_id = OLD.tenant_id AND p.ticket = OLD.ticket;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM "ticketing".add_checklist_steps(NEW.tenant_id, NEW.ticket, 1, NEW.is_done::integer);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_checklist_progress_on_insert_or_delete AFTER INSERT OR DELETE ON "ticketing"."checklist_item"
FOR EACH ROW EXECUTE FUNCTION "ticketing".keep_checklist_progress();

CREATE TRIGGER keep_checklist_progress_on_update AFTER UPDATE ON "ticketing"."checklist_item"
FOR EACH ROW WHEN ((OLD.ticket, OLD.is_done) IS DISTINCT FROM (NEW.ticket, NEW.is_done))
EXECUTE FUNCTION "ticketing".keep_checklist_progress();

CREATE TABLE "ticketing"."presence" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "ticket" uuid NOT NULL,
    "account" uuid NOT NULL,
    "state" text NOT NULL DEFAULT 'viewing',
    "until" timestamptz NOT NULL,
    PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "ticketing"."survey" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "ticket" uuid NOT NULL,
    "closing" integer NOT NULL DEFAULT 0,
    "company" uuid,
    "contact" uuid,
    "assigned_to" uuid,
    "queue" uuid,
    "expires_at" timestamptz NOT NULL,
    "rating" integer,
    "comment" text NOT NULL DEFAULT '',
    "rated_at" timestamptz,
    "rated_through" text,
    "changes" integer NOT NULL DEFAULT 0,
    PRIMARY KEY ("tenant_id", "id")
);
