-- Accounts, their credentials, sessions, roles and teams.
CREATE TABLE psa.account (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    audience text NOT NULL DEFAULT 'staff',
    email text NOT NULL,
    email_normalised text NOT NULL,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'invited',
    job_title text NOT NULL DEFAULT '',
    phone text NOT NULL DEFAULT '',
    timezone text NOT NULL DEFAULT '',
    locale text NOT NULL DEFAULT '',
    company uuid,
    contact uuid,
    last_login_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.password (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    account uuid NOT NULL,
    hash text NOT NULL,
    history text[] NOT NULL DEFAULT '{}'::text[],
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.password_request (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    account uuid NOT NULL,
    purpose text NOT NULL,
    email text NOT NULL,
    token_hash text,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.session (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    account uuid NOT NULL,
    transport text NOT NULL DEFAULT 'bearer',
    confined text NOT NULL DEFAULT '',
    ip text NOT NULL DEFAULT '',
    user_agent text NOT NULL DEFAULT '',
    last_seen_at timestamptz NOT NULL,
    idle_minutes integer NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_because text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.session_token (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    session uuid NOT NULL,
    kind text NOT NULL,
    token_hash text NOT NULL,
    expires_at timestamptz NOT NULL,
    replaced_at timestamptz,
    salt text NOT NULL DEFAULT '',
    client text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.api_key (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    account uuid NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    secret_hash text NOT NULL,
    scopes text[] NOT NULL DEFAULT '{}'::text[],
    allowed_addresses text[] NOT NULL DEFAULT '{}'::text[],
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.role (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    key text NOT NULL,
    title text NOT NULL,
    description text NOT NULL DEFAULT '',
    audience text NOT NULL DEFAULT 'staff',
    grants text[] NOT NULL DEFAULT '{}'::text[],
    standard boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.role_assignment (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    account uuid NOT NULL,
    role uuid NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.team (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    manager uuid,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.team_member (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    team uuid NOT NULL,
    account uuid NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.login_failure (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    subject text NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    since timestamptz NOT NULL,
    locks integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    PRIMARY KEY (tenant_id, id)
);

ALTER TABLE psa.session_token ADD CONSTRAINT fk_session_token_session
    FOREIGN KEY (tenant_id, session) REFERENCES psa.session (tenant_id, id) ON DELETE CASCADE;

-- A credential names its tenant, so these are unique across tenants and looked up without one.
CREATE UNIQUE INDEX session_token_hash ON psa.session_token (token_hash);
CREATE UNIQUE INDEX api_key_secret_hash ON psa.api_key (secret_hash);
CREATE UNIQUE INDEX password_request_token_hash ON psa.password_request (token_hash) WHERE token_hash IS NOT NULL;
