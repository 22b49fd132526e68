CREATE TABLE bench.effect (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    handler text NOT NULL,
    note text NOT NULL,
    event uuid,
    PRIMARY KEY (tenant_id, id)
);
