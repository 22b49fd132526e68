-- Who vouched for a session's owner, and what they call the session.

ALTER TABLE psa.session ADD COLUMN provider text NOT NULL DEFAULT '';
ALTER TABLE psa.session ADD COLUMN provider_session text NOT NULL DEFAULT '';
