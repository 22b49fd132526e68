-- A refund that the gateway accepted may fail later: the money never left.

ALTER TABLE "billing"."refund"
    ADD COLUMN "failed_on" date,
    ADD COLUMN "failure" text NOT NULL DEFAULT '';
