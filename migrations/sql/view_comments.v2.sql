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
            array_position(ARRAY['description', 'inbox_event', 'dead_letter', 'product', 'generation', 'model_version', 'gap'],
                t.table_name::text)
    LOOP
        EXECUTE format('COMMENT ON COLUMN analytics.%I.%I IS %L', each.table_name, each.column_name, each.said);
    END LOOP;
END
$$;
