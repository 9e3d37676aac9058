CREATE VIEW analytics.drift AS
SELECT
    c.id AS drift_check_id,
    m.measure ->> 'name' AS measure,
    m.measure ->> 'kind' AS kind,
    (m.measure ->> 'value')::double precision AS value,
    (m.measure ->> 'bound')::double precision AS bound,
    m.measure ->> 'verdict' AS verdict,
    (m.measure ->> 'is_alert')::boolean AS is_alert,
    (m.measure ->> 'before')::bigint AS compared_with,
    (m.measure ->> 'now')::bigint AS compared,
    m.measure -> 'movers' AS movers,
    c.snapshot_id,
    c.period_start,
    c.period_end,
    c.created_at AS checked_at
FROM app.drift_check AS c
CROSS JOIN LATERAL json_array_elements(c.measures) AS m (measure);

COMMENT ON VIEW analytics.drift IS
'How far products, copy and decisions have moved from what the model learnt from: one row for each measure of each check.';
COMMENT ON COLUMN analytics.drift.drift_check_id IS 'Key of the check; grows with time.';
COMMENT ON COLUMN analytics.drift.measure IS 'What was compared.';
COMMENT ON COLUMN analytics.drift.kind IS 'psi: population stability index; jensen_shannon: Jensen-Shannon divergence in bits, 0 to 1.';
COMMENT ON COLUMN analytics.drift.value IS 'How far it has moved; null when there are too few observations.';
COMMENT ON COLUMN analytics.drift.bound IS 'The value from which on it alerts.';
COMMENT ON COLUMN analytics.drift.verdict IS 'steady, moved a little, moved, or not enough to tell.';
COMMENT ON COLUMN analytics.drift.is_alert IS 'Whether it alerts.';
COMMENT ON COLUMN analytics.drift.compared_with IS 'How many observations there were before.';
COMMENT ON COLUMN analytics.drift.compared IS 'How many observations there were in the period.';
COMMENT ON COLUMN analytics.drift.movers IS 'What has changed most: name, share of the rows (or median) before and now.';
COMMENT ON COLUMN analytics.drift.snapshot_id IS 'Key of the training snapshot; null before the first run from curated pairs.';
COMMENT ON COLUMN analytics.drift.period_start IS 'The first moment of what was compared.';
COMMENT ON COLUMN analytics.drift.period_end IS 'The last moment of it.';
COMMENT ON COLUMN analytics.drift.checked_at IS 'When it was computed.';
