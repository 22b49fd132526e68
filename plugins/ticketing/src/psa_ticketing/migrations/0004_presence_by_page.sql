-- Presence is told by page, so that what arrives late of one that was left brings nobody back.

ALTER TABLE "ticketing"."presence" ADD COLUMN "page" uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'::uuid;
