-- What a company takes over from its parent, and whether its parent is billed for it.

ALTER TABLE "billing"."profile"
    ADD COLUMN "inherit_terms" boolean NOT NULL DEFAULT false,
    ADD COLUMN "inherit_tax" boolean NOT NULL DEFAULT false,
    ADD COLUMN "inherit_billing_contact" boolean NOT NULL DEFAULT false,
    ADD COLUMN "bill_to_parent" boolean NOT NULL DEFAULT false;
