CREATE VIEW curation.candidate AS
SELECT
    d.id AS description_id,
    p.source,
    p.sku,
    p.title,
    p.brand,
    p.category,
    d.profile,
    d.locale,
    d.text,
    curation.content_hash(d.text) AS content_hash,
    d.status,
    d.reasons,
    d.p_accept,
    d.quality,
    d.facts,
    d.created_at AS described_at,
    curation.random_place(d.id) AS random_place
FROM app.current_copy AS c
INNER JOIN app.product AS p ON c.product_id = p.id
INNER JOIN app.description AS d ON d.id = CASE
    WHEN c.review_id IS NULL THEN c.description_id
    -- Where a curator has decided, only what was written since can wait.
    ELSE (
        SELECT max(n.id) FROM app.description AS n
        WHERE n.product_id = c.product_id AND n.profile = c.profile AND n.id > c.description_id
    )
END
WHERE p.deleted_at IS NULL AND NOT EXISTS (SELECT FROM app.review AS r WHERE r.description_id = d.id);

COMMENT ON VIEW curation.candidate IS
'The newest copy of each product and profile on which no curator has decided, whatever its status.';

CREATE VIEW curation.queue AS
SELECT * FROM curation.candidate WHERE status = 'needs_review';

COMMENT ON VIEW curation.queue IS 'What waits for review. Give its content_hash to approve, edit or reject.';

DO $$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT v.view, described.column_name, described.said
        FROM (VALUES ('candidate'), ('queue')) AS v (view)
        CROSS JOIN (
            VALUES
            ('description_id', 'Key of the description.'),
            ('source', 'The catalogue that owns the product.'),
            ('sku', 'The product''s key within its source.'),
            ('title', 'The product''s title.'),
            ('brand', 'Brand, if any.'),
            ('category', 'Category path, widest first.'),
            ('profile', 'The copy profile.'),
            ('locale', 'The language of the text.'),
            ('text', 'The copy to judge.'),
            ('content_hash', 'Names the text as it is now; a decision is refused if it has changed since.'),
            ('status', 'published, needs_review or rejected.'),
            ('reasons', 'Why it is not published; empty when it is.'),
            ('p_accept', 'Probability that a curator accepts it; null until there are enough decisions.'),
            ('quality', 'The composite of the scores, 0 to 1.'),
            ('facts', 'The facts that the prompt held, as [attribute, value] in order.'),
            ('described_at', 'When the text was written.'),
            ('random_place', 'Drawn by a hash of the id, from 0 up to 1; the lowest are the random sample.')
        ) AS described (column_name, said)
    LOOP
        EXECUTE format('COMMENT ON COLUMN curation.%I.%I IS %L', each.view, each.column_name, each.said);
    END LOOP;
END
$$;

CREATE FUNCTION curation.next(n integer DEFAULT 10, random_share double precision DEFAULT 0.05)
RETURNS SETOF curation.queue
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH drawn AS (
        (SELECT * FROM curation.candidate WHERE random_place < random_share ORDER BY random_place
        LIMIT (SELECT floor(n * random_share + random())::integer))
    ),
    doubtful AS (
        (SELECT * FROM curation.queue WHERE random_place >= random_share
        ORDER BY coalesce(p_accept, quality), description_id LIMIT n - (SELECT count(*) FROM drawn))
    )
    SELECT * FROM drawn UNION ALL SELECT * FROM doubtful
$$;
COMMENT ON FUNCTION curation.next IS
'The next n texts to judge: the least likely to be accepted, and among them on average so large a share drawn at random.';
