-- Tenants, their hosts, keys and usage.
CREATE TABLE psa.tenant (
    id uuid NOT NULL DEFAULT psa.new_id(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    slug text NOT NULL,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'active',
    timezone text NOT NULL DEFAULT 'UTC',
    currency text NOT NULL DEFAULT 'USD',
    locale text NOT NULL DEFAULT 'en-US',
    suspended_at timestamptz,
    delete_after timestamptz,
    PRIMARY KEY (id)
);

CREATE TABLE psa.tenant_host (
    id uuid NOT NULL DEFAULT psa.new_id(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    tenant uuid NOT NULL,
    host text NOT NULL,
    token text NOT NULL,
    verified_at timestamptz,
    PRIMARY KEY (id)
);

CREATE TABLE psa.data_key (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    generation integer NOT NULL,
    wrapped text NOT NULL,
    master text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.seeded_plugin (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    plugin text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.usage (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    day date NOT NULL,
    metric text NOT NULL,
    value bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, id)
);

ALTER TABLE psa.tenant_host ADD CONSTRAINT fk_tenant_host_tenant
    FOREIGN KEY (tenant) REFERENCES psa.tenant (id) ON DELETE CASCADE;
