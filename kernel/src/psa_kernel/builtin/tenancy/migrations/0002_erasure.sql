-- Removes every row of a tenant whose time of grace is over, and returns rows per table. Tables are found in
-- the catalogue, so that what a plugin adds, or left behind, is erased too; references are checked at the end.
CREATE FUNCTION psa.erase_tenant(victim uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    counts jsonb := '{}';
    target text;
    number bigint;
    round integer;
BEGIN
    PERFORM FROM psa.tenant
    WHERE id = victim AND status = 'deleting' AND delete_after <= now() FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'tenant % is not due for deletion', victim USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('app.purge', 'on', true);
    SET CONSTRAINTS ALL DEFERRED;
    -- Twice, because deleting may itself write: triggers, and rows that a parallel transaction had under way.
    FOR round IN 1..2 LOOP
        FOR target IN
            SELECT format('%I.%I', n.nspname, c.relname)
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE a.attname = 'tenant_id' AND a.atttypid = 'uuid'::regtype AND NOT a.attisdropped
                AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
            ORDER BY c.oid DESC
        LOOP
            EXECUTE format('DELETE FROM %s WHERE tenant_id = $1', target) USING victim;
            GET DIAGNOSTICS number = ROW_COUNT;
            counts := counts || jsonb_build_object(target, coalesce((counts ->> target)::bigint, 0) + number);
        END LOOP;
    END LOOP;
    SET CONSTRAINTS ALL IMMEDIATE;
    PERFORM set_config('app.purge', '', true);
    IF to_regclass('psa.unsealed_entry') IS NOT NULL THEN
        DELETE FROM psa.unsealed_entry WHERE tenant = victim;
    END IF;
    FOR target IN
        SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences
        WHERE schemaname = 'psa_number' AND starts_with(sequencename, replace(victim::text, '-', ''))
    LOOP
        EXECUTE 'DROP SEQUENCE ' || target;
    END LOOP;
    DELETE FROM psa.tenant WHERE id = victim;
    RETURN counts;
END
$$;
