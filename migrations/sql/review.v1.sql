CREATE VIEW analytics.review AS
SELECT
    r.id AS review_id,
    r.description_id,
    p.source AS catalogue,
    p.sku,
    d.profile,
    d.locale,
    r.decision,
    r.reason,
    r.editor,
    r.seconds_spent,
    r.via,
    d.text AS generated_text,
    r.edited_text,
    r.diff,
    d.status AS machine_status,
    d.p_accept,
    d.quality,
    m.base_model,
    m.adapter,
    curation.random_place(d.id) AS random_place,
    r.created_at AS reviewed_at
FROM app.review AS r
INNER JOIN app.description AS d ON r.description_id = d.id
INNER JOIN app.product AS p ON d.product_id = p.id
INNER JOIN app.model_version AS m ON d.model_version_id = m.id;

COMMENT ON VIEW analytics.review IS 'Every decision of a curator, with the text that it was about.';
COMMENT ON COLUMN analytics.review.review_id IS 'Key of the decision; grows with time.';
COMMENT ON COLUMN analytics.review.catalogue IS 'The catalogue that owns the product.';
COMMENT ON COLUMN analytics.review.generated_text IS 'What the machine wrote.';
COMMENT ON COLUMN analytics.review.machine_status IS 'The verdict of the machine: published, needs_review or rejected.';
COMMENT ON COLUMN analytics.review.random_place IS
'Drawn by a hash of the description''s id, from 0 up to 1; the lowest are the random sample of the estimate.';
COMMENT ON COLUMN analytics.review.reviewed_at IS 'When it was decided.';
