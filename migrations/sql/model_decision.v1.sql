CREATE VIEW analytics.model_decision AS
SELECT
    d.id AS decision_id,
    d.action,
    d.model_version_id,
    m.adapter,
    m.training_run_id,
    d.champion_id,
    c.adapter AS champion_adapter,
    d.mode,
    d.actor,
    d.reason,
    d.numbers,
    d.report,
    d.created_at AS decided_at
FROM app.model_decision AS d
INNER JOIN app.model_version AS m ON d.model_version_id = m.id
LEFT JOIN app.model_version AS c ON d.champion_id = c.id;

COMMENT ON VIEW analytics.model_decision IS 'Every decision about which model serves, with the numbers that it rests on.';
COMMENT ON COLUMN analytics.model_decision.decision_id IS 'Key of the decision; grows with time.';
COMMENT ON COLUMN analytics.model_decision.action IS 'promote, refuse, hold (it passed, and waits for a person) or rollback.';
COMMENT ON COLUMN analytics.model_decision.model_version_id IS 'Key of the model that it is about; after a rollback the one that serves again.';
COMMENT ON COLUMN analytics.model_decision.adapter IS 'Name of its adapter; null for the base model alone.';
COMMENT ON COLUMN analytics.model_decision.training_run_id IS 'Key of the run that made it, if any.';
COMMENT ON COLUMN analytics.model_decision.champion_id IS 'Key of the model that served until then; null if none did.';
COMMENT ON COLUMN analytics.model_decision.champion_adapter IS 'Name of the adapter that served until then.';
COMMENT ON COLUMN analytics.model_decision.mode IS 'auto or manual.';
COMMENT ON COLUMN analytics.model_decision.actor IS 'The gate, or the person who typed the command.';
COMMENT ON COLUMN analytics.model_decision.reason IS 'Why, in one sentence.';
COMMENT ON COLUMN analytics.model_decision.numbers IS 'The tests of the gate with their numbers.';
COMMENT ON COLUMN analytics.model_decision.report IS 'The same for people, as Markdown.';
COMMENT ON COLUMN analytics.model_decision.decided_at IS 'When it was decided.';
