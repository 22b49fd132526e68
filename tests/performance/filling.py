"""Tickets like the demonstration's, by the hundred thousand: made in SQL by the superuser."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

COMPANIES, CONTACTS = 50, 200
"""Per tenant and filling."""


async def fill(superuser: str, wanted: Sequence[tuple[UUID, int]], *, searchable: bool = False) -> None:
    """Add tickets to tenants, and the clients they are for; the newest is a minute old, one for each minute before.

    Indexes are taken away meanwhile. `searchable` ones are written to the search index, which takes longer.
    """
    connection = await asyncpg.connect(superuser)
    try:
        await connection.execute("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'")
        if not searchable:
            await connection.execute("SET session_replication_role = replica")
        indexes = await connection.fetch(
            "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made FROM pg_index"
            " WHERE indrelid = 'ticketing.ticket'::regclass AND NOT indisunique"
        )
        for index in indexes:
            await connection.execute(f"DROP INDEX {index['name']}")
        for tenant, tickets in wanted:
            await connection.execute(f"SET app.current_tenant = '{tenant}'")
            await connection.execute(_PEOPLE, tenant, COMPANIES, CONTACTS)
            await connection.execute(_TICKETS, tenant, tickets)
            await connection.execute(
                "SELECT psa.next_number('tickets') FROM generate_series(1, $1::int)", tickets
            )
        for index in indexes:
            await connection.execute(index["made"])
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


_PEOPLE = """
WITH made AS (
    INSERT INTO contacts.company (tenant_id, name, industry, website, phone, address, tags)
    SELECT $1, 'Client ' || n, 'Healthcare', 'https://client' || n || '.example.com', '+1212555' || 1000 + n,
           '{"street": "1 Sample Street", "city": "Sampleton", "country": "US"}', '{managed}'
    FROM generate_series(1, $2::int) n
    RETURNING id
), numbered AS (SELECT id, row_number() OVER () AS n FROM made)
INSERT INTO contacts.contact (tenant_id, company, first_name, last_name, email, phone, title, department)
SELECT $1, numbered.id, 'Person', 'Number ' || c, 'person' || c || '@client' || n || '.example.com',
       '+1212556' || 1000 + c, 'Office manager', 'Administration'
FROM generate_series(1, $3::int) c JOIN numbered ON numbered.n = 1 + c % $2::int
"""

_TICKETS = """
WITH lists AS MATERIALIZED (
    SELECT ARRAY(SELECT id FROM ticketing.status WHERE tenant_id = $1 AND category NOT IN ('merged', 'spam')
                 ORDER BY sort_order) AS statuses,
           ARRAY(SELECT id FROM ticketing.priority WHERE tenant_id = $1) AS priorities,
           ARRAY(SELECT id FROM ticketing.ticket_type WHERE tenant_id = $1) AS types,
           ARRAY(SELECT id FROM ticketing.queue WHERE tenant_id = $1) AS queues,
           ARRAY(SELECT s.parent || '/' || s.id FROM ticketing.category s
                 WHERE s.tenant_id = $1 AND s.parent IS NOT NULL) AS topics,
           ARRAY(SELECT c.company || '/' || c.id FROM contacts.contact c
                 WHERE c.tenant_id = $1 AND c.company IS NOT NULL) AS people,
           (SELECT id FROM psa.account WHERE tenant_id = $1 LIMIT 1) AS technician,
           (SELECT coalesce(max(number), 0) FROM ticketing.ticket WHERE tenant_id = $1) AS last,
           now() AS now
), chosen AS (
    SELECT lists.*, n, now - n * interval '1 minute' AS opened,
           string_to_array(people[1 + n * 7 % cardinality(people)], '/')::uuid[] AS person,
           string_to_array(topics[1 + n * 5 % cardinality(topics)], '/')::uuid[] AS topic,
           n % 5 <> 0 AS closed
    FROM lists, generate_series(1, $2::int) n
)
INSERT INTO ticketing.ticket (tenant_id, number, title, description, description_html, status, priority,
    ticket_type, category, subcategory, queue, source, company, contact, assigned_to, created_by, created_at,
    updated_at, first_response_at, resolved_at, first_resolved_at, closed_at, last_customer_activity_at,
    last_staff_activity_at, estimated_hours, tags)
SELECT $1, last + $2 + 1 - n, 'Printer on floor ' || n % 9 || ' prints blank pages (' || n || ')',
       'Reported by the client. Please have a look.', '<p>Reported by the client. Please have a look.</p>',
       statuses[CASE WHEN closed THEN 7 ELSE 1 + n % 6 END], priorities[1 + n % 4], types[1 + n % 2], topic[1],
       topic[2], queues[1 + n % 3], (ARRAY['email', 'portal', 'phone', 'rmm'])[1 + n % 4], person[1], person[2],
       CASE WHEN n % 7 <> 0 THEN technician END, technician, opened,
       CASE WHEN closed THEN opened + interval '1 day' ELSE opened END, opened + interval '1 hour',
       CASE WHEN closed THEN opened + interval '1 day' END, CASE WHEN closed THEN opened + interval '1 day' END,
       CASE WHEN closed THEN opened + interval '1 day' END, opened, opened + interval '1 hour', 0.5 * (1 + n % 4),
       CASE WHEN n % 4 = 0 THEN '{onsite}' ELSE '{}' END::text[]
FROM chosen
"""
