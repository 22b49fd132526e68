-- The platform's background processes see no tenant's rows. These functions run as the owner and give them
-- ids, tenants and names: enough to hand work out, never what is in it. `at` is the present instant; NULL means the
-- database's clock.

CREATE FUNCTION psa.outbox_take(most integer)
RETURNS TABLE (id uuid, tenant_id uuid, kind text, name text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = psa, pg_temp AS $$
    SELECT o.id, o.tenant_id, o.kind, o.name FROM psa.outbox o
    WHERE o.dispatched_at IS NULL ORDER BY o.id LIMIT most FOR UPDATE SKIP LOCKED
$$;

-- Make the deliveries of taken rows, in the transaction that took them; rows without a handler are done.
CREATE FUNCTION psa.outbox_route(
    tenants uuid[], ids uuid[],
    owners uuid[], events uuid[], deliveries uuid[], handlers text[], queues text[], tries integer[]
) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = psa, pg_temp AS $$
    INSERT INTO psa.delivery (id, tenant_id, event_id, kind, name, handler, queue, max_attempts, due_at)
    SELECT w.delivery, o.tenant_id, o.id, o.kind, o.name, w.handler, w.queue, w.tries, o.due_at
    FROM unnest(owners, events, deliveries, handlers, queues, tries)
        AS w (tenant, event, delivery, handler, queue, tries)
    JOIN psa.outbox o ON o.tenant_id = w.tenant AND o.id = w.event
    ON CONFLICT (tenant_id, event_id, handler) DO NOTHING;
    UPDATE psa.outbox o SET dispatched_at = clock_timestamp(),
        done_at = CASE WHEN o.id = ANY (events) THEN NULL ELSE clock_timestamp() END
    FROM unnest(tenants, ids) AS taken (tenant, id)
    WHERE o.tenant_id = taken.tenant AND o.id = taken.id;
$$;

-- Hand out due deliveries: one of each tenant before the second of any. For each queue (critical, default, bulk)
-- `per_tenant` limits what a tenant has in flight, `ahead` what is handed out and not yet started. Suspended tenants'
-- work stays.
CREATE FUNCTION psa.delivery_claim(per_tenant integer[], ahead integer[], lease interval, at timestamptz)
RETURNS TABLE (id uuid, tenant_id uuid, token integer, queue text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = psa, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM psa.delivery d WHERE d.state = 'pending') THEN
        RETURN;
    END IF;
    -- One claim at a time, so that the limits hold however many relays there are.
    PERFORM pg_advisory_xact_lock(hashtext('psa.delivery_claim'));
    RETURN QUERY
    WITH RECURSIVE waiting AS (
        (SELECT d.tenant_id FROM psa.delivery d WHERE d.state = 'pending' ORDER BY d.tenant_id LIMIT 1)
        UNION ALL
        SELECT (
            SELECT d.tenant_id FROM psa.delivery d
            WHERE d.state = 'pending' AND d.tenant_id > w.tenant_id ORDER BY d.tenant_id LIMIT 1
        ) FROM waiting w WHERE w.tenant_id IS NOT NULL
    ), in_flight AS (
        SELECT d.tenant_id, d.queue, count(*) AS size, count(*) FILTER (WHERE d.state = 'dispatched') AS ready
        FROM psa.delivery d WHERE d.state IN ('dispatched', 'running') GROUP BY d.tenant_id, d.queue
    ), lane AS (
        SELECT q.name, q.rank, per_tenant[q.rank] AS most,
            ahead[q.rank] - coalesce((SELECT sum(f.ready) FROM in_flight f WHERE f.queue = q.name), 0) AS room
        FROM (VALUES ('critical', 1), ('default', 2), ('bulk', 3)) AS q (name, rank)
    ), candidate AS (
        SELECT w.tenant_id, found.id, found.event_id, l.rank, l.room,
            coalesce(f.size, 0) + row_number() OVER (PARTITION BY w.tenant_id, l.name) AS turn
        FROM waiting w
        JOIN lane l ON l.room > 0
        LEFT JOIN in_flight f ON f.tenant_id = w.tenant_id AND f.queue = l.name
        CROSS JOIN LATERAL (
            SELECT d.id, d.event_id FROM psa.delivery d
            WHERE d.tenant_id = w.tenant_id AND d.queue = l.name AND d.state = 'pending'
              AND coalesce(d.due_at, timestamptz '-infinity') <= coalesce(at, clock_timestamp())
            ORDER BY coalesce(d.due_at, timestamptz '-infinity'), d.event_id
            LIMIT greatest(0, l.most - coalesce(f.size, 0))
            FOR UPDATE SKIP LOCKED
        ) AS found
        WHERE NOT EXISTS (SELECT FROM psa.tenant t WHERE t.id = w.tenant_id AND t.status <> 'active')
    ), placed AS (
        SELECT c.*, row_number() OVER (PARTITION BY c.rank ORDER BY c.turn, c.event_id) AS place FROM candidate c
    ), handed AS (
        UPDATE psa.delivery d SET state = 'dispatched', token = d.token + 1,
            lease_until = coalesce(at, clock_timestamp()) + lease
        FROM placed p WHERE p.place <= p.room AND d.tenant_id = p.tenant_id AND d.id = p.id
        RETURNING d.id, d.tenant_id, d.token, d.queue, p.rank, p.place
    )
    SELECT h.id, h.tenant_id, h.token, h.queue FROM handed h ORDER BY h.rank, h.place;
END
$$;

-- Start a delivery that was handed out; no row when another holder has it or it is settled.
CREATE FUNCTION psa.delivery_start(tenant uuid, delivery uuid, held integer, lease interval, at timestamptz)
RETURNS TABLE (kind text, handler text, attempts integer)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = psa, pg_temp AS $$
    UPDATE psa.delivery d SET state = 'running', attempts = d.attempts + 1,
        started_at = coalesce(at, clock_timestamp()), finished_at = NULL,
        lease_until = coalesce(at, clock_timestamp()) + lease
    WHERE d.tenant_id = tenant AND d.id = delivery AND d.token = held AND d.state = 'dispatched'
    RETURNING d.kind, d.handler, d.attempts
$$;

-- Keep what this process is working on.
CREATE FUNCTION psa.delivery_renew(tenants uuid[], deliveries uuid[], held integer[], lease interval)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = psa, pg_temp AS $$
    UPDATE psa.delivery d SET lease_until = clock_timestamp() + lease
    FROM unnest(tenants, deliveries, held) AS h (tenant, id, token)
    WHERE d.tenant_id = h.tenant AND d.id = h.id AND d.token = h.token AND d.state IN ('dispatched', 'running')
$$;

-- Put a failed delivery off, or end it when it was the last try or trying again can't help.
CREATE FUNCTION psa.delivery_fail(
    tenant uuid, delivery uuid, held integer, error text, pause interval, final boolean, at timestamptz
) RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = psa, pg_temp AS $$
    UPDATE psa.delivery d SET last_error = error, lease_until = NULL,
        finished_at = coalesce(at, clock_timestamp()),
        state = CASE WHEN final OR d.attempts >= d.max_attempts THEN 'dead' ELSE 'pending' END,
        due_at = coalesce(at, clock_timestamp()) + pause
    WHERE d.tenant_id = tenant AND d.id = delivery AND d.token = held AND d.state = 'running'
    RETURNING d.state
$$;

-- Give back what was handed out or started without a try having been made: the broker is away, the process
-- stops, the module is switched off. `pause` NULL means due as before.
CREATE FUNCTION psa.delivery_release(
    tenants uuid[], deliveries uuid[], held integer[], pause interval, at timestamptz
) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = psa, pg_temp AS $$
    UPDATE psa.delivery d SET lease_until = NULL,
        state = 'pending', attempts = d.attempts - (d.state = 'running')::integer,
        due_at = CASE WHEN pause IS NULL THEN d.due_at ELSE coalesce(at, clock_timestamp()) + pause END
    FROM unnest(tenants, deliveries, held) AS h (tenant, id, token)
    WHERE d.tenant_id = h.tenant AND d.id = h.id AND d.token = h.token AND d.state IN ('dispatched', 'running')
$$;

-- Free what was abandoned: its process died, or the broker lost it. Returns how many.
CREATE FUNCTION psa.delivery_reap(at timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = psa, pg_temp AS $$
    WITH abandoned AS (
        SELECT d.tenant_id, d.id FROM psa.delivery d
        WHERE d.state IN ('dispatched', 'running') AND d.lease_until < coalesce(at, clock_timestamp())
        FOR UPDATE SKIP LOCKED
    ), freed AS (
        UPDATE psa.delivery d SET lease_until = NULL,
            state = CASE WHEN d.state = 'running' AND d.attempts >= d.max_attempts
                THEN 'dead' ELSE 'pending' END,
            finished_at = CASE WHEN d.state = 'running' THEN coalesce(at, clock_timestamp()) END,
            last_error = CASE WHEN d.state = 'running'
                THEN 'The process that ran it ended or stopped answering.' ELSE d.last_error END
        FROM abandoned a WHERE d.tenant_id = a.tenant_id AND d.id = a.id RETURNING 1
    )
    SELECT count(*) FROM freed
$$;

-- Give up outbox rows whose dead letters are older than `dead_before`, then delete old ones with their deliveries;
-- returns how many rows went.
CREATE FUNCTION psa.outbox_purge(done_before timestamptz, dead_before timestamptz, most integer)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = psa, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    UPDATE psa.outbox o SET done_at = o.dispatched_at
    WHERE (o.tenant_id, o.id) IN (
        SELECT c.tenant_id, c.id FROM psa.outbox c
        WHERE c.done_at IS NULL AND c.dispatched_at < done_before
          AND NOT EXISTS (
            SELECT FROM psa.delivery d WHERE d.tenant_id = c.tenant_id AND d.event_id = c.id
              AND d.state NOT IN ('done', 'skipped')
              AND NOT (d.state = 'dead' AND d.finished_at < dead_before))
        LIMIT most FOR UPDATE SKIP LOCKED);
    WITH old AS (
        SELECT c.id, c.tenant_id FROM psa.outbox c
        WHERE c.done_at < done_before
        LIMIT most FOR UPDATE SKIP LOCKED
    ), deliveries AS (
        DELETE FROM psa.delivery d USING old WHERE d.tenant_id = old.tenant_id AND d.event_id = old.id
    ), rows AS (
        DELETE FROM psa.outbox o USING old WHERE o.tenant_id = old.tenant_id AND o.id = old.id RETURNING 1
    )
    SELECT count(*) INTO gone FROM rows;
    RETURN gone;
END
$$;
