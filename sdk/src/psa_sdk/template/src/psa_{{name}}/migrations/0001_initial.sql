-- The table of entries. Row-level security, references and indexes follow from the declaration.

CREATE TABLE "{{name}}"."entry" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "title" text NOT NULL,
    "status" text NOT NULL DEFAULT 'open',
    "company" uuid,
    "owner" uuid,
    PRIMARY KEY ("tenant_id", "id")
);
