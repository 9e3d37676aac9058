CREATE VIEW analytics.preference_pair AS
SELECT
    r.id AS review_id,
    d.id AS description_id,
    p.source AS catalogue,
    p.sku,
    d.profile,
    d.locale,
    d.facts,
    d.text AS generated_text,
    r.edited_text,
    r.editor,
    m.adapter,
    r.created_at AS reviewed_at
FROM app.review AS r
INNER JOIN app.description AS d ON r.description_id = d.id
INNER JOIN app.product AS p ON d.product_id = p.id
INNER JOIN app.model_version AS m ON d.model_version_id = m.id
WHERE r.decision = 'edited'
    AND NOT EXISTS (SELECT FROM app.review AS later WHERE later.description_id = r.description_id AND later.id > r.id);

COMMENT ON VIEW analytics.preference_pair IS
'What a curator preferred to what was generated, from the same facts: one row for each description that was edited last.';
COMMENT ON COLUMN analytics.preference_pair.review_id IS 'Key of the decision.';
COMMENT ON COLUMN analytics.preference_pair.catalogue IS 'The catalogue that owns the product.';
COMMENT ON COLUMN analytics.preference_pair.generated_text IS 'What the machine wrote.';
COMMENT ON COLUMN analytics.preference_pair.edited_text IS 'What the curator wrote instead.';
COMMENT ON COLUMN analytics.preference_pair.reviewed_at IS 'When it was decided.';
