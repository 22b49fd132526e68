-- An empty start or end is settled before it is written; a check keeps both from being empty.
ALTER TABLE "calendar"."appointment" ALTER COLUMN "start_time" DROP NOT NULL, ALTER COLUMN "end_time" DROP NOT NULL;
