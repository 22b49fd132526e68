-- Sessions of one person in one browser, one after the other; and when their owner proved who they are.

ALTER TABLE psa.session ADD COLUMN lineage uuid;
ALTER TABLE psa.session ADD COLUMN authenticated_at timestamptz;
