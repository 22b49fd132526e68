-- Providers at which people log out too.

ALTER TABLE "sso_oidc"."provider" ADD COLUMN "logs_out" boolean NOT NULL DEFAULT false;
