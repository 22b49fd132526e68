-- Removes the bound tenant's sealed entries from before an instant, and leaves an entry that says so; the seals
-- stay, so that the chain can be followed over what is gone. Nothing younger than 90 days is ever removed.
CREATE FUNCTION psa.purge_audit(before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    owner uuid := psa.current_tenant();
    through bigint;
    removed bigint;
BEGIN
    IF owner IS NULL OR before > now() - interval '90 days' THEN
        RAISE EXCEPTION 'audit entries are kept for at least 90 days' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT coalesce(min(sequence) FILTER (WHERE created_at >= before) - 1, max(sequence)) INTO through
    FROM psa.audit_seal WHERE tenant_id = owner;
    PERFORM set_config('app.purge', 'on', true);
    DELETE FROM psa.audit_entry WHERE tenant_id = owner AND action <> 'audit_purged' AND id IN (
        SELECT encode(substr(decode(entries, 'base64'), 1 + 16 * place, 16), 'hex')::uuid
        FROM psa.audit_seal, generate_series(0, entry_count - 1) AS place
        WHERE tenant_id = owner AND sequence <= through
    );
    GET DIAGNOSTICS removed = ROW_COUNT;
    PERFORM set_config('app.purge', '', true);
    IF removed > 0 THEN
        INSERT INTO psa.audit_entry (id, tenant_id, occurred_at, actor_kind, actor_id, actor_label, action, detail)
        VALUES (
            psa.new_id(), owner, now(), 'system', '00000000-0000-7000-8000-000000000100', 'System', 'audit_purged',
            jsonb_build_object('through', through, 'removed', removed, 'before', before)
        );
    END IF;
    RETURN removed;
END
$$;
