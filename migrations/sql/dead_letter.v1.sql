CREATE VIEW analytics.dead_letter AS
SELECT
    l.id AS dead_letter_id,
    l.stage,
    l.reason,
    e.stream_entry,
    e.source,
    e.event_id,
    e.sku,
    g.profile,
    g.attempts,
    left(encode(l.raw, 'escape'), 1000) AS raw_start,
    l.created_at
FROM app.dead_letter AS l
INNER JOIN app.inbox_event AS e ON l.inbox_event_id = e.id
LEFT JOIN app.generation AS g ON l.generation_id = g.id;

COMMENT ON VIEW analytics.dead_letter IS
'What could not be done, with its reason and the start of a message that could not be read.';
