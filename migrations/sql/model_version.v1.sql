CREATE VIEW analytics.model AS
SELECT
    m.id AS model_version_id,
    m.base_model,
    m.adapter,
    m.prompt_version,
    a.aliases,
    m.training_run_id,
    m.metrics,
    coalesce(d.descriptions, 0) AS descriptions,
    d.published,
    d.mean_quality,
    d.last_described_at,
    m.created_at AS registered_at
FROM app.model_version AS m
LEFT JOIN LATERAL (
    SELECT coalesce(array_agg(l.alias ORDER BY l.alias), '{}') AS aliases
    FROM app.model_alias AS l
    WHERE l.model_version_id = m.id
) AS a ON TRUE
LEFT JOIN (
    SELECT
        model_version_id,
        count(*) AS descriptions,
        count(*) FILTER (WHERE status = 'published') AS published,
        avg(quality) AS mean_quality,
        max(created_at) AS last_described_at
    FROM app.description
    GROUP BY model_version_id
) AS d ON d.model_version_id = m.id;

COMMENT ON VIEW analytics.model IS 'Every model that has been registered, the part it plays now, and what it has written.';
COMMENT ON COLUMN analytics.model.model_version_id IS 'Key of the model; grows with time.';
COMMENT ON COLUMN analytics.model.base_model IS 'Name of the base model.';
COMMENT ON COLUMN analytics.model.adapter IS 'Name of the adapter; null for the base model alone.';
COMMENT ON COLUMN analytics.model.prompt_version IS 'The version of the prompt it is asked with.';
COMMENT ON COLUMN analytics.model.aliases IS 'The parts it plays now: champion, challenger, previous; empty for none.';
COMMENT ON COLUMN analytics.model.training_run_id IS 'Key of the run that made it, if any.';
COMMENT ON COLUMN analytics.model.metrics IS 'How it was measured when it was registered.';
COMMENT ON COLUMN analytics.model.descriptions IS 'How many descriptions it has written.';
COMMENT ON COLUMN analytics.model.published IS 'How many of them the gate published by itself.';
COMMENT ON COLUMN analytics.model.mean_quality IS 'The mean of their composite scores, 0 to 1.';
COMMENT ON COLUMN analytics.model.last_described_at IS 'When it wrote the last of them.';
COMMENT ON COLUMN analytics.model.registered_at IS 'When it was first registered.';
