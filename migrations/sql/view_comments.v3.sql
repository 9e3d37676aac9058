-- What is special to columns of views that were made anew.
COMMENT ON COLUMN analytics.current_description.described_version IS 'The version of the product that the text was written from.';
COMMENT ON COLUMN analytics.current_description.product_version IS 'The newest version of the product; a later one changed nothing that the copy depends on, or its copy is being written.';
COMMENT ON COLUMN analytics.current_description.source IS 'The catalogue that owns the product.';
COMMENT ON COLUMN analytics.current_description.title IS 'The product''s title.';
COMMENT ON COLUMN analytics.current_description.description_id IS 'Key of the description.';
COMMENT ON COLUMN analytics.current_description.described_at IS 'When the text was written.';
COMMENT ON COLUMN analytics.description_history.source IS 'The catalogue that owns the product.';
COMMENT ON COLUMN analytics.description_history.described_version IS 'The version of the product that the text was written from.';
COMMENT ON COLUMN analytics.description_history.description_id IS 'Key of the description; grows with time.';
COMMENT ON COLUMN analytics.description_history.is_current IS 'Whether this is the copy that counts now.';
COMMENT ON COLUMN analytics.description_history.described_at IS 'When the text was written.';

-- A view's column that has no comment of its own is described by the table's column of the same name.
DO $$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT DISTINCT ON (v.table_name, v.column_name)
            v.table_name, v.column_name, col_description(format('app.%I', t.table_name)::regclass, t.ordinal_position) AS said
        FROM information_schema.columns AS v
        INNER JOIN information_schema.columns AS t
            ON t.column_name = v.column_name AND t.table_schema = 'app'
        WHERE v.table_schema = 'analytics'
            AND col_description(to_regclass(format('analytics.%I', v.table_name)), v.ordinal_position::integer) IS NULL
        ORDER BY v.table_name, v.column_name,
            array_position(ARRAY['description', 'review', 'inbox_event', 'dead_letter', 'product', 'generation', 'model_version'],
                t.table_name::text)
    LOOP
        EXECUTE format('COMMENT ON COLUMN analytics.%I.%I IS %L', each.table_name, each.column_name, each.said);
    END LOOP;
END
$$;
