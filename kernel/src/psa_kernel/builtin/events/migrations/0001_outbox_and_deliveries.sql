CREATE TABLE psa.outbox (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    version integer NOT NULL DEFAULT 1,
    kind text NOT NULL,
    name text NOT NULL,
    payload jsonb NOT NULL,
    subject_id uuid,
    sequence integer NOT NULL DEFAULT 0,
    request_id text NOT NULL DEFAULT '',
    cause jsonb,
    actor_kind text NOT NULL,
    actor_id uuid,
    due_at timestamptz,
    dispatched_at timestamptz,
    done_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
-- Read across tenants by the relay and the housekeeping only, hence without tenant_id in front.
CREATE INDEX outbox_undispatched ON psa.outbox (id) WHERE dispatched_at IS NULL;
CREATE INDEX outbox_done ON psa.outbox (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX outbox_open ON psa.outbox (dispatched_at) WHERE done_at IS NULL;

CREATE TABLE psa.delivery (
    id uuid NOT NULL DEFAULT psa.new_id(),
    tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    version integer NOT NULL DEFAULT 1,
    event_id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    handler text NOT NULL,
    queue text NOT NULL DEFAULT 'default',
    state text NOT NULL DEFAULT 'pending',
    attempts integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL DEFAULT 8,
    token integer NOT NULL DEFAULT 0,
    due_at timestamptz,
    lease_until timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    last_error text,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX delivery_once ON psa.delivery (tenant_id, event_id, handler);
CREATE INDEX delivery_pending ON psa.delivery
    (tenant_id, queue, (coalesce(due_at, timestamptz '-infinity')), event_id) WHERE state = 'pending';
CREATE INDEX delivery_in_flight ON psa.delivery (tenant_id, queue, state, lease_until)
    WHERE state IN ('dispatched', 'running');
