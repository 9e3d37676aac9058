-- Only the role curator may call what changes tables; functions of texts alone are everyone's.
REVOKE ALL ON FUNCTION
    curation.look, curation.last_review, curation.refuse_stale, curation.decide,
    curation.approve, curation.edit, curation.reject, curation.next
FROM PUBLIC;

-- A role belongs to the whole cluster: another database may have made it, or may be making it now.
DO $$
BEGIN
    IF to_regrole('curator') IS NULL THEN
        CREATE ROLE curator NOLOGIN;
        COMMENT ON ROLE curator IS 'Judges descriptions: reads the queue and the views, decides by the functions of curation.';
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'the role curator was not made: this user may not create roles. Have an administrator run CREATE ROLE curator; then grant it as migrations/sql/curation_role.v1.sql does';
END
$$;

DO $$
BEGIN
    IF to_regrole('curator') IS NOT NULL THEN
        GRANT USAGE ON SCHEMA curation, analytics TO curator;
        GRANT SELECT ON curation.queue TO curator;
        GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO curator;
        ALTER DEFAULT PRIVILEGES IN SCHEMA analytics GRANT SELECT ON TABLES TO curator;
        GRANT EXECUTE ON FUNCTION
            curation.look, curation.approve, curation.edit, curation.reject, curation.next
        TO curator;
    END IF;
END
$$;
