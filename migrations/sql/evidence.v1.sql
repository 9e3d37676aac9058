CREATE VIEW analytics.evidence AS
SELECT
    p.source AS catalogue,
    p.sku,
    d.profile,
    d.id AS description_id,
    coalesce(c.description_id = d.id, FALSE) AS is_current,
    d.status,
    s.place::integer AS place,
    (s.span ->> 'start')::integer AS span_start,
    (s.span ->> 'end')::integer AS span_end,
    s.span ->> 'text' AS words,
    s.span ->> 'kind' AS match,
    s.span ->> 'source' AS supported_by,
    s.span ->> 'attribute' AS attribute,
    s.span ->> 'value' AS value,
    s.span ->> 'knowledge' AS knowledge_key,
    s.span ->> 'claim' AS claim,
    nullif(s.span ->> 'reason', '') AS reason
FROM app.description AS d
CROSS JOIN LATERAL jsonb_array_elements(d.evidence) WITH ORDINALITY AS s (span, place)
INNER JOIN app.product AS p ON d.product_id = p.id
LEFT JOIN app.current_copy AS c ON d.product_id = c.product_id AND d.profile = c.profile;

COMMENT ON VIEW analytics.evidence IS
'Which words of each description are supported by what: one row for each factual span.';
COMMENT ON COLUMN analytics.evidence.catalogue IS 'The catalogue that owns the product.';
COMMENT ON COLUMN analytics.evidence.description_id IS 'Key of the description.';
COMMENT ON COLUMN analytics.evidence.is_current IS 'Whether this is the copy that counts now.';
COMMENT ON COLUMN analytics.evidence.place IS 'The span''s place among those of its description, from 1.';
COMMENT ON COLUMN analytics.evidence.span_start IS 'Where it starts: characters before it in the text.';
COMMENT ON COLUMN analytics.evidence.span_end IS 'Where it ends, exclusive.';
COMMENT ON COLUMN analytics.evidence.words IS 'The words of the text.';
COMMENT ON COLUMN analytics.evidence.match IS 'exact, normalised, converted, synonym, inflection, boolean or unsupported.';
COMMENT ON COLUMN analytics.evidence.supported_by IS 'attribute, title, brand, category or knowledge; null if nothing does.';
COMMENT ON COLUMN analytics.evidence.attribute IS 'The attribute that supports it.';
COMMENT ON COLUMN analytics.evidence.value IS 'The attribute''s value at that time.';
COMMENT ON COLUMN analytics.evidence.knowledge_key IS 'The approved knowledge entry that supports it.';
COMMENT ON COLUMN analytics.evidence.claim IS 'What an unsupported span is about, such as number, material or praise.';
COMMENT ON COLUMN analytics.evidence.reason IS 'Why nothing supports it.';
