DO $$
BEGIN
    IF to_regrole('curator') IS NOT NULL THEN
        ALTER DEFAULT PRIVILEGES IN SCHEMA analytics REVOKE SELECT ON TABLES FROM curator;
        REVOKE ALL ON ALL TABLES IN SCHEMA analytics FROM curator;
        REVOKE ALL ON SCHEMA analytics FROM curator;
    END IF;
END
$$;
