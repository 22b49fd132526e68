-- Providers that ring when mail arrives.
ALTER TABLE "mail"."mailbox" ADD COLUMN "pubsub_topic" text NOT NULL DEFAULT '';
ALTER TABLE "mail"."mailbox_health"
    ADD COLUMN "subscription" text NOT NULL DEFAULT '',
    ADD COLUMN "subscribed_until" timestamptz,
    ADD COLUMN "subscription_error" text NOT NULL DEFAULT '';
