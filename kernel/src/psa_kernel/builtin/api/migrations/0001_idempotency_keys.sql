-- Answers of requests that carried an idempotency key, kept for a day.
CREATE TABLE psa.idempotency_key (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    principal uuid NOT NULL,
    key text NOT NULL,
    path text NOT NULL,
    fingerprint text NOT NULL,
    status integer,
    headers jsonb,
    body text,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
