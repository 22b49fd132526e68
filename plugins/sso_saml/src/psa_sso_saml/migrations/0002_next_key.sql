-- A key of ours is followed by another while providers know both.

ALTER TABLE "sso_saml"."provider"
    ADD COLUMN "next_certificate" text NOT NULL DEFAULT '',
    ADD COLUMN "next_private_key" bytea;
