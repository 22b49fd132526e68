-- How long the oldest row has waited for the relay: the readiness of a server that sees no tenant's rows.

CREATE FUNCTION psa.outbox_lag() RETURNS interval
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = psa, pg_temp AS $$
    SELECT clock_timestamp() - o.created_at FROM psa.outbox o WHERE o.dispatched_at IS NULL ORDER BY o.id LIMIT 1
$$;
