CREATE OR REPLACE VIEW analytics.current_description AS
SELECT
    p.source,
    p.sku,
    d.profile,
    d.locale,
    p.title,
    p.brand,
    p.category,
    coalesce(r.edited_text, d.text) AS text,
    CASE
        WHEN r.decision = 'rejected' THEN 'rejected' WHEN r.decision IS NOT NULL THEN 'published' ELSE d.status
    END AS status,
    CASE
        WHEN r.decision = 'rejected' THEN ARRAY['a curator rejected it: ' || r.reason]
        WHEN r.decision IS NOT NULL THEN '{}'
        ELSE d.reasons
    END AS reasons,
    d.quality,
    d.attribute_coverage,
    d.numeric_fidelity,
    d.unsupported_spans,
    d.grounded_precision,
    d.repetition,
    d.length_fit,
    d.language_match,
    d.confidence,
    d.refusal,
    d.pii,
    d.product_version AS described_version,
    p.version AS product_version,
    d.id AS description_id,
    m.base_model,
    m.adapter,
    m.prompt_version,
    d.created_at AS described_at,
    d.attribute_recall,
    d.slot_error_rate,
    d.near_duplicate,
    d.source_copying,
    d.readability,
    d.keyword_recall,
    d.keyword_density,
    d.compliance,
    d.p_accept,
    d.scores_version,
    d.policy_id,
    CASE WHEN r.edited_text IS NULL THEN d.html ELSE curation.html_like(d.html, r.edited_text) END AS html,
    r.editor AS curated_by,
    r.created_at AS reviewed_at
FROM app.current_copy AS c
INNER JOIN app.product AS p ON c.product_id = p.id
INNER JOIN app.description AS d ON c.description_id = d.id
INNER JOIN app.model_version AS m ON d.model_version_id = m.id
LEFT JOIN app.review AS r ON c.review_id = r.id AND c.description_id = r.description_id
WHERE p.deleted_at IS NULL;

COMMENT ON COLUMN analytics.current_description.text IS 'The copy; where a curator edited it, the curator''s text.';
COMMENT ON COLUMN analytics.current_description.status IS 'published, needs_review or rejected; the curator''s word comes before the machine''s.';
COMMENT ON COLUMN analytics.current_description.html IS 'The copy as HTML, if the profile asks for it.';
COMMENT ON COLUMN analytics.current_description.curated_by IS 'Who approved, edited or rejected it; null while nobody has.';
COMMENT ON COLUMN analytics.current_description.reviewed_at IS 'When that was decided.';
