-- Sorted by, and pages behind an empty value can only be found by reading everything before them.
ALTER TABLE "ticketing"."ticket" ALTER COLUMN "number" SET NOT NULL;
