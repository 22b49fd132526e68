-- The counters of the bound tenant, for its export and import. Sequences are named by tenant and a hash of the
-- counter's name; the hash is what both sides share.
CREATE FUNCTION psa.numbers() RETURNS TABLE (counter text, value bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    sequence record;
    prefix text := replace(psa.current_tenant()::text, '-', '') || '_';
BEGIN
    FOR sequence IN
        SELECT sequencename AS name FROM pg_sequences
        WHERE schemaname = 'psa_number' AND starts_with(sequencename, prefix)
    LOOP
        counter := substr(sequence.name, length(prefix) + 1);
        EXECUTE format('SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM psa_number.%I', sequence.name)
        INTO value;
        RETURN NEXT;
    END LOOP;
END
$$;

-- Never lowers a counter: a number is not given out twice.
CREATE FUNCTION psa.restore_number(counter text, value bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tenant uuid := psa.current_tenant();
    name text := replace(tenant::text, '-', '') || '_' || counter;
    present bigint;
BEGIN
    IF tenant IS NULL OR counter !~ '^[0-9a-f]{1,30}$' OR value < 1 THEN
        RAISE EXCEPTION 'no counter % of a tenant', counter USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('CREATE SEQUENCE IF NOT EXISTS psa_number.%I', name);
    EXECUTE format('SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM psa_number.%I', name) INTO present;
    IF present < value THEN
        PERFORM setval(format('psa_number.%I', name)::regclass, value);
    END IF;
END
$$;
