CREATE TABLE psa.authenticator (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    account uuid NOT NULL,
    secret bytea,
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.recovery_code (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    account uuid NOT NULL,
    code_hash text NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);

ALTER TABLE psa.session ADD COLUMN proven_at timestamptz;
ALTER TABLE psa.role ADD COLUMN requires_second_factor boolean NOT NULL DEFAULT false;
