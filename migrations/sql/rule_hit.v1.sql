CREATE VIEW analytics.rule_hit AS
SELECT
    p.source AS catalogue,
    p.sku,
    d.profile,
    d.id AS description_id,
    coalesce(c.description_id = d.id, FALSE) AS is_current,
    d.status,
    h.hit ->> 'pack' AS pack,
    h.hit ->> 'rule' AS rule,
    h.hit ->> 'severity' AS severity,
    (h.hit ->> 'start')::integer AS span_start,
    (h.hit ->> 'end')::integer AS span_end,
    h.hit ->> 'text' AS words,
    h.hit ->> 'message' AS message
FROM app.description AS d
CROSS JOIN LATERAL jsonb_array_elements(d.rule_hits) AS h (hit)
INNER JOIN app.product AS p ON d.product_id = p.id
LEFT JOIN app.current_copy AS c ON d.product_id = c.product_id AND d.profile = c.profile;

COMMENT ON VIEW analytics.rule_hit IS 'Which rules each description hits: one row for each hit.';
COMMENT ON COLUMN analytics.rule_hit.catalogue IS 'The catalogue that owns the product.';
COMMENT ON COLUMN analytics.rule_hit.description_id IS 'Key of the description.';
COMMENT ON COLUMN analytics.rule_hit.is_current IS 'Whether this is the copy that counts now.';
COMMENT ON COLUMN analytics.rule_hit.pack IS 'The rule pack.';
COMMENT ON COLUMN analytics.rule_hit.rule IS 'The rule within its pack.';
COMMENT ON COLUMN analytics.rule_hit.severity IS 'block, review or note.';
COMMENT ON COLUMN analytics.rule_hit.span_start IS 'Where it starts: characters before it in the text.';
COMMENT ON COLUMN analytics.rule_hit.span_end IS 'Where it ends, exclusive.';
COMMENT ON COLUMN analytics.rule_hit.words IS 'The words of the text.';
COMMENT ON COLUMN analytics.rule_hit.message IS 'What the rule says.';
