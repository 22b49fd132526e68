-- Invitations to appointments.
ALTER TABLE "mail"."outgoing" ADD COLUMN "body_calendar" text NOT NULL DEFAULT '';
