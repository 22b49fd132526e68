CREATE TABLE psa.known_device (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    account uuid NOT NULL,
    digest text NOT NULL,
    last_seen_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
