CREATE VIEW analytics.current_description AS
SELECT
    p.source,
    p.sku,
    d.profile,
    d.locale,
    p.title,
    p.brand,
    p.category,
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
    p.version AS product_version,
    d.id AS description_id,
    m.base_model,
    m.adapter,
    m.prompt_version,
    d.created_at AS described_at
FROM app.current_copy AS c
INNER JOIN app.product AS p ON c.product_id = p.id
INNER JOIN app.description AS d ON c.description_id = d.id
INNER JOIN app.model_version AS m ON d.model_version_id = m.id
WHERE p.deleted_at IS NULL;

COMMENT ON VIEW analytics.current_description IS
'The copy that counts now: one row for each product and profile. Show shoppers only rows with status published.';
