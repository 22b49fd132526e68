CREATE FUNCTION psa.blanked(document jsonb, attributes text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT document || coalesce((
        SELECT jsonb_object_agg(key, '***') FROM jsonb_each(document)
        WHERE key = ANY (attributes) AND value <> 'null'
    ), '{}')
$$;

-- Blanks what the bound tenant's entries tell of a person, for an erasure that the law asks for. The entries stay; one
-- more names each of them with the digest it has from now on, so that the chain can still be followed. `via` also
-- takes records that referred by this column to those named. Nothing can be put in place of what is blanked.
CREATE FUNCTION psa.redact_audit(kind text, records uuid[], attributes text[], via text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    owner uuid := psa.current_tenant();
    redacted jsonb;
BEGIN
    PERFORM set_config('app.redact', 'on', true);
    WITH affected AS (
        SELECT DISTINCT record_id FROM psa.audit_entry
        WHERE tenant_id = owner AND resource = kind
            AND (record_id = ANY (records) OR coalesce(new ->> via, old ->> via) = ANY (records::text[]))
    ), blanked AS (
        UPDATE psa.audit_entry e SET
            old = psa.blanked(old, attributes), new = psa.blanked(new, attributes),
            detail = psa.blanked(detail, attributes),
            actor_label = CASE WHEN actor_id = ANY (records) THEN '***' ELSE actor_label END
        WHERE tenant_id = owner AND action <> 'audit_redacted' AND (
            (actor_id = ANY (records) AND actor_label <> '***')
            OR (resource = kind AND record_id IN (SELECT record_id FROM affected)
                AND (old, new, detail) IS DISTINCT FROM
                    (psa.blanked(old, attributes), psa.blanked(new, attributes), psa.blanked(detail, attributes)))
        ) RETURNING *
    )
    SELECT jsonb_object_agg(id, encode(sha256(convert_to(json_build_array(
        id, tenant_id, (extract(epoch FROM occurred_at) * 1000000)::bigint, actor_kind, actor_id, actor_label,
        on_behalf_of, action, resource, record_id, old::text, new::text, detail::text, request_id, ip, user_agent
    )::text, 'UTF8')), 'hex')) INTO redacted FROM blanked;
    PERFORM set_config('app.redact', '', true);
    IF redacted IS NULL THEN
        RETURN 0;
    END IF;
    INSERT INTO psa.audit_entry (id, tenant_id, occurred_at, actor_kind, actor_id, actor_label, action, resource, detail)
    VALUES (
        psa.new_id(), owner, now(), 'system', '00000000-0000-7000-8000-000000000100', 'System', 'audit_redacted', kind,
        jsonb_build_object('entries', redacted)
    );
    RETURN (SELECT count(*) FROM jsonb_object_keys(redacted));
END
$$;
