CREATE OR REPLACE VIEW analytics.dead_letter AS
SELECT
    l.id AS dead_letter_id,
    l.stage,
    l.reason,
    e.stream_entry,
    coalesce(e.source, p.source) AS source,
    e.event_id,
    coalesce(e.sku, p.sku) AS sku,
    g.profile,
    g.attempts,
    left(encode(l.raw, 'escape'), 1000) AS raw_start,
    l.created_at
FROM app.dead_letter AS l
LEFT JOIN app.inbox_event AS e ON l.inbox_event_id = e.id
LEFT JOIN app.generation AS g ON l.generation_id = g.id
LEFT JOIN app.product AS p ON g.product_id = p.id;
