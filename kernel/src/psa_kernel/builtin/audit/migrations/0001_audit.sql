-- The audit log, its seals, the access log and the queue of entries that wait for their seal.
CREATE TABLE psa.audit_entry (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    occurred_at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    actor_label text NOT NULL,
    on_behalf_of uuid,
    action text NOT NULL,
    resource text NOT NULL DEFAULT '',
    record_id uuid,
    old jsonb,
    new jsonb,
    detail jsonb,
    request_id text NOT NULL DEFAULT '',
    ip text,
    user_agent text,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.audit_seal (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    sequence bigint NOT NULL,
    entry_count integer NOT NULL,
    entries text NOT NULL,
    digests text NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    signature text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE psa.access_log (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp,
    version integer NOT NULL DEFAULT 1,
    occurred_at timestamptz NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    status integer NOT NULL,
    duration_ms integer NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    request_id text NOT NULL,
    ip text,
    user_agent text,
    PRIMARY KEY (tenant_id, id)
);

-- Which entries no seal covers yet: ids only, filled by the insert itself, so that an entry which commits
-- late is sealed late but never missed. Nobody but the functions below reaches it.
CREATE TABLE psa.unsealed_entry (
    tenant uuid NOT NULL,
    entry uuid NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE FUNCTION psa.note_unsealed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO psa.unsealed_entry (tenant, entry) SELECT tenant_id, id FROM inserted;
    RETURN NULL;
END
$$;

CREATE TRIGGER note_unsealed AFTER INSERT ON psa.audit_entry
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION psa.note_unsealed();

CREATE FUNCTION psa.tenants_with_unsealed() RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT tenant FROM psa.unsealed_entry
$$;

-- Hands out (and forgets, with the caller's transaction) the bound tenant's unsealed entries.
CREATE FUNCTION psa.take_unsealed(most integer) RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM psa.unsealed_entry WHERE ctid IN (
        SELECT ctid FROM psa.unsealed_entry WHERE tenant = psa.current_tenant() LIMIT most
    ) RETURNING entry
$$;

CREATE FUNCTION psa.is_unsealed(entry_id uuid) RETURNS boolean
LANGUAGE sql SECURITY DEFINER STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM psa.unsealed_entry WHERE tenant = psa.current_tenant() AND entry = entry_id)
$$;

CREATE FUNCTION psa.unsealed_count() RETURNS bigint
LANGUAGE sql SECURITY DEFINER STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(*) FROM psa.unsealed_entry WHERE tenant = psa.current_tenant()
$$;
