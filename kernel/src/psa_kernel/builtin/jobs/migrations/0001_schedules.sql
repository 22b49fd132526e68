CREATE TABLE psa.schedule (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    version integer NOT NULL DEFAULT 1,
    name text NOT NULL,
    cron text NOT NULL,
    timezone text NOT NULL DEFAULT 'UTC',
    catch_up text NOT NULL DEFAULT 'one',
    next_at timestamptz,
    last_slot timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX schedule_name ON psa.schedule (tenant_id, name);
-- Read across tenants by the schedulers only, hence without tenant_id in front.
CREATE INDEX schedule_due ON psa.schedule (next_at NULLS FIRST);

-- Give every active tenant its rows, the platform its own under `platform`, and forget the next slot where the
-- expression or the tenant's zone has changed.
CREATE FUNCTION psa.schedule_register(
    names text[], crons text[], catch_ups text[], for_tenants boolean[], platform uuid
) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = psa, pg_temp AS $$
    WITH declared AS (
        SELECT t.id AS tenant_id, t.timezone, d.name, d.cron, d.catch_up
        FROM unnest(names, crons, catch_ups, for_tenants) AS d (name, cron, catch_up, for_tenant)
        JOIN psa.tenant t ON d.for_tenant AND t.status = 'active'
        UNION ALL
        SELECT platform, 'UTC', d.name, d.cron, d.catch_up
        FROM unnest(names, crons, catch_ups, for_tenants) AS d (name, cron, catch_up, for_tenant)
        WHERE NOT d.for_tenant
    )
    INSERT INTO psa.schedule AS s (id, tenant_id, name, cron, catch_up, timezone)
    SELECT psa.new_id(), d.tenant_id, d.name, d.cron, d.catch_up, d.timezone FROM declared d
    ON CONFLICT (tenant_id, name) DO UPDATE
        SET cron = excluded.cron, catch_up = excluded.catch_up, timezone = excluded.timezone,
            next_at = CASE WHEN (s.cron, s.timezone) = (excluded.cron, excluded.timezone) THEN s.next_at END
        WHERE (s.cron, s.catch_up, s.timezone) <> (excluded.cron, excluded.catch_up, excluded.timezone)
$$;

-- Lock due schedules for the transaction, except those of suspended tenants and of modules they switched off.
-- `at` is the present instant; NULL means the database's clock.
CREATE FUNCTION psa.schedule_claim(names text[], plugins text[], most integer, at timestamptz)
RETURNS TABLE (
    tenant_id uuid, id uuid, name text, timezone text,
    next_at timestamptz, last_slot timestamptz, present timestamptz
)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = psa, pg_temp AS $$
    SELECT s.tenant_id, s.id, s.name, s.timezone, s.next_at, s.last_slot, coalesce(at, clock_timestamp())
    FROM psa.schedule s JOIN unnest(names, plugins) AS d (name, plugin) ON d.name = s.name
    WHERE (s.next_at IS NULL OR s.next_at <= coalesce(at, clock_timestamp()))
      AND NOT EXISTS (SELECT FROM psa.tenant t WHERE t.id = s.tenant_id AND t.status <> 'active')
      AND NOT EXISTS (
        SELECT FROM psa.disabled_module m WHERE m.tenant_id = s.tenant_id AND m.plugin = d.plugin)
    ORDER BY s.next_at NULLS FIRST LIMIT most FOR UPDATE OF s SKIP LOCKED
$$;

-- Move claimed schedules on and send their jobs, in the transaction that claimed them.
CREATE FUNCTION psa.schedule_fire(
    tenants uuid[], ids uuid[], nexts timestamptz[], slots timestamptz[],
    job_tenants uuid[], jobs uuid[], actors text[], payloads text[], actor_id uuid
) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = psa, pg_temp AS $$
    INSERT INTO psa.outbox (tenant_id, id, kind, name, payload, actor_kind, actor_id, request_id)
    SELECT j.tenant, j.id, 'job', j.actor, j.payload::jsonb, 'system', schedule_fire.actor_id, j.id::text
    FROM unnest(job_tenants, jobs, actors, payloads) AS j (tenant, id, actor, payload);
    UPDATE psa.schedule s SET next_at = m.next_at, last_slot = coalesce(m.slot, s.last_slot)
    FROM unnest(tenants, ids, nexts, slots) AS m (tenant, id, next_at, slot)
    WHERE s.tenant_id = m.tenant AND s.id = m.id;
$$;
