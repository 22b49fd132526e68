-- When a person logged in who allowed an application something.

ALTER TABLE "oauth"."family" ADD COLUMN "logged_in_at" timestamptz;
