CREATE VIEW analytics.training_run AS
SELECT
    t.id AS training_run_id,
    t.stage,
    t.status,
    t.reason,
    t.asked_by,
    t.base_model,
    t.directory,
    t.snapshot_id,
    s.train_pairs,
    s.held_out_pairs,
    m.id AS model_version_id,
    m.adapter,
    t.options,
    t.metrics,
    t.host,
    t.pid,
    t.started_at,
    t.ended_at,
    t.ended_at - t.started_at AS duration
FROM app.training_run AS t
LEFT JOIN app.data_snapshot AS s ON t.snapshot_id = s.id
LEFT JOIN app.model_version AS m ON m.training_run_id = t.id;

COMMENT ON VIEW analytics.training_run IS 'Every training run: what it learnt from, how it ended, and which model came of it.';
COMMENT ON COLUMN analytics.training_run.training_run_id IS 'Key of the run; grows with time.';
COMMENT ON COLUMN analytics.training_run.stage IS 'domain, finetune or preference.';
COMMENT ON COLUMN analytics.training_run.status IS 'running, finished, failed or interrupted: its process is gone.';
COMMENT ON COLUMN analytics.training_run.reason IS 'Why it failed or was interrupted.';
COMMENT ON COLUMN analytics.training_run.asked_by IS 'schedule, drift, or the person who typed the command.';
COMMENT ON COLUMN analytics.training_run.base_model IS 'Name of the base model.';
COMMENT ON COLUMN analytics.training_run.directory IS 'Name of its run directory.';
COMMENT ON COLUMN analytics.training_run.snapshot_id IS 'Key of the snapshot of curated pairs that it learnt from.';
COMMENT ON COLUMN analytics.training_run.train_pairs IS 'How many curated pairs it learnt.';
COMMENT ON COLUMN analytics.training_run.held_out_pairs IS 'How many curated pairs were held out to judge by.';
COMMENT ON COLUMN analytics.training_run.model_version_id IS 'Key of the model that came of it; null when none did.';
COMMENT ON COLUMN analytics.training_run.adapter IS 'Name of the adapter that came of it.';
COMMENT ON COLUMN analytics.training_run.options IS 'The recipe with all that was changed in it.';
COMMENT ON COLUMN analytics.training_run.metrics IS 'What was measured of it: losses, steps, tokens, and the scores of the comparison.';
COMMENT ON COLUMN analytics.training_run.host IS 'Name of the machine.';
COMMENT ON COLUMN analytics.training_run.pid IS 'Process id on that machine.';
COMMENT ON COLUMN analytics.training_run.started_at IS 'When it began.';
COMMENT ON COLUMN analytics.training_run.ended_at IS 'When it ended; null while it runs.';
COMMENT ON COLUMN analytics.training_run.duration IS 'How long it took.';
