-- Where applications send people after logging out, where they are told of it, and in which session they were let in.

ALTER TABLE "oauth"."client" ADD COLUMN "post_logout_redirect_uris" text[] NOT NULL DEFAULT '{}'::text[];
ALTER TABLE "oauth"."client" ADD COLUMN "backchannel_logout_uri" text NOT NULL DEFAULT '';
ALTER TABLE "oauth"."family" ADD COLUMN "session" uuid;
ALTER TABLE "oauth"."family" ADD COLUMN "issuer" text NOT NULL DEFAULT '';
