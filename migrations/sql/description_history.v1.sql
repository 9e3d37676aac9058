CREATE VIEW analytics.description_history AS
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
    d.created_at AS described_at
FROM app.description AS d
INNER JOIN app.product AS p ON d.product_id = p.id
INNER JOIN app.model_version AS m ON d.model_version_id = m.id
INNER JOIN app.generation AS g ON d.generation_id = g.id
INNER JOIN app.inbox_event AS e ON g.inbox_event_id = e.id
LEFT JOIN app.current_copy AS c ON d.product_id = c.product_id AND d.profile = c.profile;

COMMENT ON VIEW analytics.description_history IS
'Every description ever written, newest and oldest alike, with its scores, its model and the event that caused it.';
