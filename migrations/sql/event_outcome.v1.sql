CREATE VIEW analytics.event_outcome AS
SELECT
    e.id AS inbox_event_id,
    e.stream_entry,
    e.source,
    e.event_id,
    e.type,
    e.sku,
    e.product_version,
    e.outcome,
    e.reason,
    e.occurred_at,
    e.received_at,
    e.closed_at,
    extract(EPOCH FROM e.closed_at - e.received_at)::double precision AS seconds
FROM app.inbox_event AS e;

COMMENT ON VIEW analytics.event_outcome IS
'The ledger: one row for each message read from the stream. Outcome is described, unchanged, stale, duplicate, withdrawn or dead_lettered; null while open.';
