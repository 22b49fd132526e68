-- Chosen settings, disabled modules and custom-field definitions.
CREATE TABLE psa.setting (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    plugin text NOT NULL,
    key text NOT NULL,
    account uuid,
    value jsonb,
    secret bytea,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.disabled_module (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    plugin text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.custom_field (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    resource text NOT NULL,
    key text NOT NULL,
    label text NOT NULL,
    kind text NOT NULL DEFAULT 'text',
    options jsonb,
    required boolean NOT NULL DEFAULT false,
    required_on text,
    is_unique boolean NOT NULL DEFAULT false,
    help text NOT NULL DEFAULT '',
    position integer NOT NULL DEFAULT 100,
    portal_visible boolean NOT NULL DEFAULT false,
    archived_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
