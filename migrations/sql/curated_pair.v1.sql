CREATE VIEW analytics.curated_pair AS
SELECT
    p.id AS curated_pair_id,
    p.origin,
    p.review_id,
    p.source,
    p.sku,
    p.profile,
    p.product,
    p.text,
    p.editor,
    p.split,
    p.family,
    p.status,
    p.findings,
    p.created_at AS added_at
FROM app.curated_pair AS p;

COMMENT ON VIEW analytics.curated_pair IS 'The pairs of a product and its copy from which models learn, or why they may not.';
COMMENT ON COLUMN analytics.curated_pair.curated_pair_id IS 'Key of the pair; grows with time.';
COMMENT ON COLUMN analytics.curated_pair.origin IS 'review: a curator''s decision; import: human copy from a file.';
COMMENT ON COLUMN analytics.curated_pair.review_id IS 'Key of the decision it comes from, if any.';
COMMENT ON COLUMN analytics.curated_pair.source IS 'The data set or catalogue it comes from.';
COMMENT ON COLUMN analytics.curated_pair.sku IS 'The product.';
COMMENT ON COLUMN analytics.curated_pair.profile IS 'The copy profile that the text is written for.';
COMMENT ON COLUMN analytics.curated_pair.product IS 'The product as it was, in the shape of an event''s data.';
COMMENT ON COLUMN analytics.curated_pair.text IS 'The copy that a model is to learn.';
COMMENT ON COLUMN analytics.curated_pair.editor IS 'Who decided or imported.';
COMMENT ON COLUMN analytics.curated_pair.split IS 'train, or holdout: no training ever sees it. By the family.';
COMMENT ON COLUMN analytics.curated_pair.family IS 'What near variants of one product share.';
COMMENT ON COLUMN analytics.curated_pair.status IS 'accepted, repaired, forced (by a curator, whatever was found) or refused.';
COMMENT ON COLUMN analytics.curated_pair.findings IS 'What the checks found; empty when nothing.';
COMMENT ON COLUMN analytics.curated_pair.added_at IS 'When it was added.';
