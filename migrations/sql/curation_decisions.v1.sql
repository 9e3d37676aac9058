CREATE FUNCTION curation.look(description_id bigint) RETURNS TABLE (
    source text, sku text, profile text, locale text, title text, text text, content_hash text, status text,
    decision text, editor text, reviewed_at timestamptz, is_current boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT
        p.source, p.sku, d.profile, d.locale, p.title, coalesce(r.edited_text, d.text),
        curation.content_hash(coalesce(r.edited_text, d.text), r.id),
        CASE WHEN r.decision = 'rejected' THEN 'rejected' WHEN r.decision IS NOT NULL THEN 'published' ELSE d.status END,
        r.decision, r.editor, r.created_at, coalesce(c.description_id = d.id, FALSE)
    FROM app.description AS d
    INNER JOIN app.product AS p ON d.product_id = p.id
    LEFT JOIN app.current_copy AS c ON d.product_id = c.product_id AND d.profile = c.profile
    LEFT JOIN LATERAL (
        SELECT * FROM app.review WHERE review.description_id = d.id ORDER BY review.id DESC LIMIT 1
    ) AS r ON TRUE
    WHERE d.id = look.description_id
$$;
COMMENT ON FUNCTION curation.look IS
'A description as it stands now, with the content hash that a decision on it, or a second one, needs.';

CREATE FUNCTION curation.last_review(description_id bigint, before bigint DEFAULT NULL) RETURNS app.review
LANGUAGE sql STABLE AS $$
    SELECT * FROM app.review AS r
    WHERE r.description_id = last_review.description_id AND (last_review.before IS NULL OR r.id < last_review.before)
    ORDER BY r.id DESC LIMIT 1
$$;
COMMENT ON FUNCTION curation.last_review IS 'The last decision on a description, or the last one before another.';

CREATE FUNCTION curation.refuse_incomplete(
    decision text, editor text, reason text, wanted text, seconds double precision, via text
) RETURNS void LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    wrong text := CASE
        WHEN editor IS NULL THEN 'no editor: say who decides'
        WHEN decision = 'rejected' AND reason IS NULL THEN 'a rejection needs a reason: say what is wrong with the text'
        WHEN decision = 'edited' AND wanted IS NULL THEN 'the edited text is empty: reject the description, or write one'
        WHEN length(wanted) > 20000 THEN 'the edited text has ' || length(wanted) || ' characters: 20000 are the most'
        WHEN NOT seconds BETWEEN 0 AND 604800 THEN 'seconds is ' || seconds || ': give the time spent, from 0 to 604800'
        WHEN via IS NULL OR via NOT IN ('cli', 'file', 'label_studio', 'sql') THEN
            'via is ' || coalesce(via, 'null') || ': it is cli, file, label_studio or sql'
    END;
BEGIN
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'ST400', MESSAGE = wrong;
    END IF;
END
$$;
COMMENT ON FUNCTION curation.refuse_incomplete IS 'Refuse a decision that lacks something (SQLSTATE ST400).';

CREATE FUNCTION curation.refuse_stale(written app.description, standing bigint, last app.review, seen_hash text)
RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
    newest bigint := (
        SELECT max(d.id) FROM app.description AS d
        WHERE d.product_id = written.product_id AND d.profile = written.profile
    );
    now_hash text := curation.content_hash(coalesce(last.edited_text, written.text), last.id);
    happened text := CASE
        WHEN standing IS NULL THEN 'its copy was withdrawn: the product or its profile is no more'
        WHEN written.id NOT IN (standing, newest) THEN 'description ' || newest || ' is newer: decide on that one'
        WHEN seen_hash IS NOT DISTINCT FROM now_hash THEN NULL
        WHEN last.id IS NULL THEN 'its text is not the one that the decision is about: look at it again'
        ELSE last.editor || ' ' || last.decision || ' it at '
            || to_char(last.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC: look at it again'
    END;
BEGIN
    IF happened IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'ST409', MESSAGE = 'description ' || written.id || ': ' || happened;
    END IF;
END
$$;
COMMENT ON FUNCTION curation.refuse_stale IS 'Refuse a decision on what is no longer what the curator saw (SQLSTATE ST409).';

CREATE FUNCTION curation.decide(
    description_id bigint, seen_hash text, decision text, editor text, reason text, edited_text text,
    seconds double precision, via text
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    who text := nullif(btrim(decide.editor, E' \t\n\r'), '');
    why text := nullif(btrim(decide.reason, E' \t\n\r'), '');
    wanted text := nullif(btrim(regexp_replace(decide.edited_text, E'\r\n?', E'\n', 'g'), E' \t\n\uFEFF'), '');
    kind text := decide.decision;
    written app.description;
    standing bigint;
    last app.review;
    earlier app.review;
    seen text;
    made bigint;
BEGIN
    PERFORM curation.refuse_incomplete(kind, who, why, wanted, decide.seconds, decide.via);
    SELECT * INTO written FROM app.description AS d WHERE d.id = decide.description_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'ST400',
            MESSAGE = 'there is no description ' || coalesce(decide.description_id::text, 'null');
    END IF;
    -- Whoever decides, and whoever saves newer copy, holds this row: one after the other.
    SELECT c.description_id INTO standing FROM app.current_copy AS c
    WHERE c.product_id = written.product_id AND c.profile = written.profile FOR UPDATE;
    last := curation.last_review(written.id);
    seen := coalesce(last.edited_text, written.text);
    IF kind <> 'rejected' THEN
        wanted := coalesce(wanted, seen);
        kind := CASE WHEN wanted = written.text THEN 'approved' ELSE 'edited' END;
        wanted := nullif(wanted, written.text);
    END IF;
    IF (last.editor, last.decision, last.edited_text, last.reason) IS NOT DISTINCT FROM (who, kind, wanted, why) THEN
        earlier := curation.last_review(written.id, last.id);
        IF seen_hash = curation.content_hash(coalesce(earlier.edited_text, written.text), earlier.id) THEN
            RETURN last.id; -- the same decision sent twice
        END IF;
    END IF;
    PERFORM curation.refuse_stale(written, standing, last, seen_hash);
    INSERT INTO app.review (description_id, decision, reason, editor, seconds_spent, edited_text, diff, via)
    VALUES (
        written.id, kind, why, who, decide.seconds, wanted,
        CASE WHEN kind <> 'rejected' THEN curation.word_diff(seen, coalesce(wanted, written.text)) END, decide.via
    ) RETURNING id INTO made;
    IF kind <> 'rejected' OR written.id = standing THEN
        UPDATE app.current_copy AS c SET description_id = written.id, review_id = made, updated_at = now()
        WHERE c.product_id = written.product_id AND c.profile = written.profile;
    END IF;
    RETURN made;
END
$$;
COMMENT ON FUNCTION curation.decide IS 'The one way in which a decision is made; approve, edit and reject call it.';

CREATE FUNCTION curation.approve(
    description_id bigint, content_hash text, editor text DEFAULT session_user,
    seconds double precision DEFAULT NULL, via text DEFAULT 'sql'
) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT curation.decide(description_id, content_hash, 'approved', editor, NULL, NULL, seconds, via)
$$;
COMMENT ON FUNCTION curation.approve IS 'Publish a description as it stands. Returns the review''s id.';

CREATE FUNCTION curation.edit(
    description_id bigint, content_hash text, edited_text text, editor text DEFAULT session_user,
    reason text DEFAULT NULL, seconds double precision DEFAULT NULL, via text DEFAULT 'sql'
) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT curation.decide(description_id, content_hash, 'edited', editor, reason, edited_text, seconds, via)
$$;
COMMENT ON FUNCTION curation.edit IS 'Publish a text of one''s own in place of a description. Returns the review''s id.';

CREATE FUNCTION curation.reject(
    description_id bigint, content_hash text, reason text, editor text DEFAULT session_user,
    seconds double precision DEFAULT NULL, via text DEFAULT 'sql'
) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT curation.decide(description_id, content_hash, 'rejected', editor, reason, NULL, seconds, via)
$$;
COMMENT ON FUNCTION curation.reject IS 'Take a description back, with the reason. Returns the review''s id.';
