-- The platform's functions. Applied before migrations; the two names in braces are filled in by psa_kernel.database.platform.

CREATE OR REPLACE FUNCTION psa.new_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$ ${new_id} $$;

CREATE OR REPLACE FUNCTION psa.current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ ${current_tenant} $$;

-- After a SET LOCAL the setting reads as '' instead of being unset, hence nullif.
CREATE OR REPLACE FUNCTION psa.current_company() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.current_company', true), '')::uuid $$;

-- Monotonic per tenant and name, with gaps after a rollback. Sequences are made on first use; whoever comes
-- second waits for the first one's commit.
CREATE OR REPLACE FUNCTION psa.next_number(name text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid := psa.current_tenant();
    sequence text;
BEGIN
    IF tenant IS NULL THEN
        RAISE EXCEPTION 'psa.next_number(%) needs a tenant', name USING ERRCODE = 'insufficient_privilege';
    END IF;
    sequence := 'psa_number."' || replace(tenant::text, '-', '') || '_' || left(md5(name), 30) || '"';
    IF to_regclass(sequence) IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(sequence, 0));
        EXECUTE 'CREATE SEQUENCE IF NOT EXISTS ' || sequence;
    END IF;
    RETURN nextval(sequence::regclass);
END $$;

-- Attached to append-only tables. Retention and the erasure of a tenant run as the owner with app.purge = 'on', the
-- erasure of a person from the audit log with app.redact = 'on'.
CREATE OR REPLACE FUNCTION psa.refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('app.purge', true) = 'on' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'audit_entry' AND current_setting('app.redact', true) = 'on' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '%.% is append-only: % refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- Words for search: punctuation splits, so that "ann@example.com" is found by "example" too. A tsvector holds
-- at most 1 MB; what lies beyond 100,000 characters isn't indexed.
CREATE OR REPLACE FUNCTION psa.search_words(content text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT regexp_replace(left(content, 100000), '[[:punct:]]+', ' ', 'g') $$;

-- The tenant and the kind are lexemes of their own: the index is shared, no page of it is read for others.
CREATE OR REPLACE FUNCTION psa.search_vector(tenant uuid, kind text, content text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT strip(to_tsvector('pg_catalog.simple', psa.search_words(content)))
        || array_to_tsvector(ARRAY['~' || tenant, '~' || tenant || '/' || kind])
$$;

-- The endings of a telephone number: with the last word taken as a beginning, any three digits in a row find it.
CREATE OR REPLACE FUNCTION psa.number_endings(number text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT string_agg(right(d.digits, n), ' ')
    FROM (SELECT left(regexp_replace(number, '\D', '', 'g'), 30) AS digits) d, generate_series(3, length(d.digits)) n
$$;

-- The newest matches of the current tenant; every word must occur, the last one may be a beginning. A null or
-- empty kind means all. Callers join the records' table, whose row-level security decides what is shown.
CREATE OR REPLACE FUNCTION psa.search(query text, kind text, max integer)
RETURNS TABLE (id uuid, found_kind text, changed_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    tenant uuid := psa.current_tenant();
    words text := plainto_tsquery('pg_catalog.simple', psa.search_words(query))::text;
    wanted tsquery;
BEGIN
    IF tenant IS NULL THEN
        RAISE EXCEPTION 'psa.search needs a tenant' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF words = '' THEN
        RETURN;
    END IF;
    words := words || ':*';
    -- Digits in groups may be a telephone number, which is stored without them.
    IF query ~ '^[\s()+./-]*\d[\d\s()+./-]*$' THEN
        words := '(' || words || ' | ' || regexp_replace(query, '\D', '', 'g') || ':*)';
    END IF;
    wanted := (words || ' & ''~' || tenant || coalesce('/' || replace(nullif(search.kind, ''), '''', ''''''), '')
        || '''')::tsquery;
    RETURN QUERY
        SELECT d.id, d.kind, d.changed_at FROM psa.search_document d
        WHERE d.words @@ wanted AND d.tenant_id = tenant
        ORDER BY d.changed_at DESC, d.id DESC LIMIT search.max;
END $$;

-- What has run, for the readiness of a server that may read nothing else of the ledger.
CREATE OR REPLACE FUNCTION psa.migrations() RETURNS TABLE (plugin text, id text, checksum text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT m.plugin, m.id, m.checksum FROM psa.migration m $$;
