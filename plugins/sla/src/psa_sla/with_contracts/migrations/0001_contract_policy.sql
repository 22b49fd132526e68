-- The policies of contracts.

CREATE TABLE "sla"."contract_policy" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "contract" uuid NOT NULL,
    "sla_policy" uuid,
    PRIMARY KEY ("tenant_id", "id")
);
