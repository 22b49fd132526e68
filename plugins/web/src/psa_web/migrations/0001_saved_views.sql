-- Saved views can be shared: they move from their owners' settings to a table of their own.

CREATE TABLE "web"."saved_view" (
    "id" uuid NOT NULL DEFAULT psa.new_id(),
    "tenant_id" uuid NOT NULL DEFAULT psa.current_tenant(),
    "created_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "updated_at" timestamptz NOT NULL DEFAULT current_timestamp,
    "version" integer NOT NULL DEFAULT 1,
    "owner" uuid NOT NULL,
    "team" uuid,
    "is_for_everybody" boolean NOT NULL DEFAULT false,
    "resource" text NOT NULL,
    "name" text NOT NULL,
    "query" text NOT NULL DEFAULT '',
    PRIMARY KEY ("tenant_id", "id")
);

WITH held AS (
    DELETE FROM psa.setting WHERE plugin = 'web' AND key = 'views' RETURNING tenant_id, account, value
)
INSERT INTO "web"."saved_view" (tenant_id, owner, resource, name, query)
SELECT DISTINCT ON (h.tenant_id, h.account, list.key, view.value ->> 'name')
    h.tenant_id, h.account, list.key, view.value ->> 'name', view.value ->> 'query'
FROM held h
JOIN psa.account a ON a.tenant_id = h.tenant_id AND a.id = h.account
CROSS JOIN LATERAL jsonb_each(h.value) AS list
CROSS JOIN LATERAL jsonb_array_elements(list.value) AS view;
