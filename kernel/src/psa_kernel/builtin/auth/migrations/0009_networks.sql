ALTER TABLE psa.role ADD COLUMN allowed_addresses text[] NOT NULL DEFAULT '{}'::text[];

-- As before, and the networks from which the organisation and each role let people in.
DROP FUNCTION psa.authenticate(text, boolean);
CREATE FUNCTION psa.authenticate(credential text, is_key boolean)
RETURNS TABLE (
    tenant_id uuid, tenant_status text, account_id uuid, audience text, account_status text, name text,
    company uuid, contact uuid, timezone text, locale text, role_keys text[], grants text[], team_ids uuid[],
    session_id uuid, kind text, expires_at timestamptz, ended boolean, confined text, idle_minutes integer,
    seen_at timestamptz, key_id uuid, key_name text, scopes text[], allowed_addresses text[],
    behind_id uuid, behind_name text, behind_live boolean, behind_keys text[], behind_grants text[],
    tenant_networks text, role_networks text[]
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH proof AS (
        SELECT t.tenant_id, s.account, s.id AS session_id, t.kind, least(t.expires_at, s.expires_at) AS expires_at,
            (s.revoked_at IS NOT NULL) AS ended, s.confined, s.idle_minutes, s.last_seen_at AS seen_at,
            NULL::uuid AS key_id, NULL::text AS key_name, NULL::text[] AS scopes, NULL::text[] AS allowed_addresses,
            s.impersonator, s.behind
        FROM psa.session_token t JOIN psa.session s ON s.tenant_id = t.tenant_id AND s.id = t.session
        WHERE NOT authenticate.is_key AND t.token_hash = authenticate.credential AND t.kind <> 'refresh'
        UNION ALL
        SELECT k.tenant_id, k.account, NULL, 'key', k.expires_at, false, '', 0, k.last_used_at,
            k.id, k.name, k.scopes, k.allowed_addresses, NULL::uuid, NULL::uuid
        FROM psa.api_key k WHERE authenticate.is_key AND k.secret_hash = authenticate.credential
        UNION ALL
        SELECT d.tenant_id, d.account, NULL, 'delegated', d.expires_at, false, '', 0, d.last_used_at,
            d.family, d.holder, d.scopes, '{}', NULL::uuid, NULL::uuid
        FROM psa.delegated_token d WHERE NOT authenticate.is_key AND d.token_hash = authenticate.credential
    )
    SELECT p.tenant_id, n.status, a.id, a.audience, a.status, a.name, a.company, a.contact, a.timezone, a.locale,
        r.keys, r.grants, m.teams, p.session_id, p.kind, p.expires_at, p.ended, p.confined, p.idle_minutes,
        p.seen_at, p.key_id, p.key_name, p.scopes, p.allowed_addresses,
        p.impersonator, i.name, (i.status = 'active' AND b.revoked_at IS NULL), h.keys, h.grants,
        (SELECT v.value #>> '{}' FROM psa.setting v WHERE v.tenant_id = p.tenant_id AND v.plugin = 'auth'
            AND v.key = 'staff_networks' AND v.account IS NULL),
        r.networks
    FROM proof p
    JOIN psa.account a ON a.tenant_id = p.tenant_id AND a.id = p.account
    LEFT JOIN psa.tenant n ON n.id = p.tenant_id
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(DISTINCT o.key) FILTER (WHERE o.key IS NOT NULL), '{}') AS keys,
            coalesce(array_agg(DISTINCT g.text) FILTER (WHERE g.text IS NOT NULL), '{}') AS grants,
            coalesce(array_agg(DISTINCT array_to_string(o.allowed_addresses, ' '))
                FILTER (WHERE o.allowed_addresses <> '{}'), '{}') AS networks
        FROM psa.role_assignment x
        JOIN psa.role o ON o.tenant_id = x.tenant_id AND o.id = x.role AND o.audience = a.audience
        LEFT JOIN LATERAL unnest(o.grants) AS g (text) ON true
        WHERE x.tenant_id = a.tenant_id AND x.account = a.id
    ) r
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(y.team), '{}') AS teams FROM psa.team_member y
        WHERE y.tenant_id = a.tenant_id AND y.account = a.id
    ) m
    LEFT JOIN psa.account i ON i.tenant_id = p.tenant_id AND i.id = p.impersonator
    LEFT JOIN psa.session b ON b.tenant_id = p.tenant_id AND b.id = p.behind
    LEFT JOIN LATERAL (
        SELECT coalesce(array_agg(DISTINCT o.key) FILTER (WHERE o.key IS NOT NULL), '{}') AS keys,
            coalesce(array_agg(DISTINCT g.text) FILTER (WHERE g.text IS NOT NULL), '{}') AS grants
        FROM psa.role_assignment x
        JOIN psa.role o ON o.tenant_id = x.tenant_id AND o.id = x.role AND o.audience = 'staff'
        LEFT JOIN LATERAL unnest(o.grants) AS g (text) ON true
        WHERE x.tenant_id = p.tenant_id AND x.account = p.impersonator
    ) h ON p.impersonator IS NOT NULL;
END $$;
