CREATE VIEW analytics.repair_step AS
SELECT
    p.source AS catalogue,
    p.sku,
    d.profile,
    d.id AS description_id,
    coalesce(c.description_id = d.id, FALSE) AS is_current,
    d.status,
    s.place::integer AS place,
    s.step ->> 'name' AS step,
    s.step ->> 'outcome' AS outcome,
    (s.step ->> 'texts')::integer AS texts,
    (s.step ->> 'new_tokens')::integer AS new_tokens,
    (s.step ->> 'decode_ms')::double precision AS decode_ms
FROM app.description AS d
CROSS JOIN LATERAL jsonb_array_elements(d.steps) WITH ORDINALITY AS s (step, place)
INNER JOIN app.product AS p ON d.product_id = p.id
LEFT JOIN app.current_copy AS c ON d.product_id = c.product_id AND d.profile = c.profile;

COMMENT ON VIEW analytics.repair_step IS
'How each description came to be: one row for each step of writing and repair, with its outcome and its cost.';
COMMENT ON COLUMN analytics.repair_step.catalogue IS 'The catalogue that owns the product.';
COMMENT ON COLUMN analytics.repair_step.description_id IS 'Key of the description.';
COMMENT ON COLUMN analytics.repair_step.is_current IS 'Whether this is the copy that counts now.';
COMMENT ON COLUMN analytics.repair_step.place IS 'The step''s place, from 1.';
COMMENT ON COLUMN analytics.repair_step.step IS 'candidates, trimmed, again, or plain for the short text of a product that says too little.';
COMMENT ON COLUMN analytics.repair_step.outcome IS 'What became of it: published, or the reasons why not.';
COMMENT ON COLUMN analytics.repair_step.texts IS 'How many texts the model wrote in it.';
COMMENT ON COLUMN analytics.repair_step.new_tokens IS 'Tokens that the model wrote in it.';
COMMENT ON COLUMN analytics.repair_step.decode_ms IS 'Milliseconds in the model, together with its batch.';
