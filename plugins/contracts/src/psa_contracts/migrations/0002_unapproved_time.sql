-- What time that nobody approved does to an invoice.

ALTER TABLE "contracts"."contract" ADD COLUMN "unapproved_time" text NOT NULL DEFAULT 'warn';
