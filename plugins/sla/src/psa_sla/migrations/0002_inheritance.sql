-- Whether a company without a policy of its own has its parent's.

ALTER TABLE "sla"."company_policy"
    ADD COLUMN "inherit_sla" boolean NOT NULL DEFAULT true;
