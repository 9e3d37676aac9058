CREATE OR REPLACE VIEW analytics.description_history AS
SELECT
    p.source,
    p.sku,
    d.profile,
    d.locale,
    p.title,
    d.text,
    d.status,
    d.reasons,
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
    d.id AS description_id,
    coalesce(c.description_id = d.id, FALSE) AS is_current,
    m.base_model,
    m.adapter,
    m.prompt_version,
    d.profile_version,
    d.prompt_tokens,
    d.new_tokens,
    d.queue_ms,
    d.decode_ms,
    d.batch_size,
    e.event_id,
    e.occurred_at,
    e.received_at,
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
    d.html,
    r.decision,
    r.edited_text,
    r.reason AS review_reason,
    r.editor AS curated_by,
    r.created_at AS reviewed_at
FROM app.description AS d
INNER JOIN app.product AS p ON d.product_id = p.id
INNER JOIN app.model_version AS m ON d.model_version_id = m.id
INNER JOIN app.generation AS g ON d.generation_id = g.id
LEFT JOIN app.inbox_event AS e ON g.inbox_event_id = e.id
LEFT JOIN app.current_copy AS c ON d.product_id = c.product_id AND d.profile = c.profile
LEFT JOIN LATERAL (
    SELECT * FROM app.review WHERE review.description_id = d.id ORDER BY review.id DESC LIMIT 1
) AS r ON TRUE;

COMMENT ON COLUMN analytics.description_history.text IS 'The copy as the machine wrote it.';
COMMENT ON COLUMN analytics.description_history.status IS 'The verdict of the machine: published, needs_review or rejected.';
COMMENT ON COLUMN analytics.description_history.decision IS 'The last decision of a curator: approved, edited or rejected; null without one.';
COMMENT ON COLUMN analytics.description_history.edited_text IS 'The curator''s text, where one edited it.';
COMMENT ON COLUMN analytics.description_history.review_reason IS 'Why the curator decided so.';
COMMENT ON COLUMN analytics.description_history.curated_by IS 'Who decided.';
COMMENT ON COLUMN analytics.description_history.reviewed_at IS 'When it was decided.';
