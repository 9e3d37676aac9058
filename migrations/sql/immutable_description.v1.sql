CREATE FUNCTION app.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of %.% never change; add a new one', tg_table_schema, tg_table_name;
END
$$;

CREATE TRIGGER description_never_changes
BEFORE UPDATE OR DELETE ON app.description
FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
