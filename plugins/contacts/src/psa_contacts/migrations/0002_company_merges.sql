-- Companies are merged as contacts are: the loser points at the winner, a record holds what moved.

ALTER TABLE "contacts"."company" ADD COLUMN "merged_into" uuid;

CREATE TABLE "contacts"."company_merge" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "winner" uuid NOT NULL,
    "loser" uuid NOT NULL,
    "moved" jsonb NOT NULL,
    "before" jsonb NOT NULL,
    "undo_until" timestamptz NOT NULL,
    "undone_at" timestamptz,
    PRIMARY KEY ("tenant_id", "id")
);
