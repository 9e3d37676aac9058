CREATE SCHEMA curation;
COMMENT ON SCHEMA curation IS 'For curators: what waits for review, and the functions by which it is decided.';

CREATE FUNCTION curation.content_hash(seen text, review_id bigint DEFAULT NULL) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT left(encode(sha256(convert_to(seen || coalesce(E'\n#' || review_id, ''), 'UTF8')), 'hex'), 16)
$$;
COMMENT ON FUNCTION curation.content_hash IS
'What a decision is bound to: the text as the curator saw it, and the decision that stood then, if any.';

CREATE FUNCTION curation.random_place(description_id bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ('x' || left(encode(sha256(convert_to('review ' || description_id, 'UTF8')), 'hex'), 12))::bit(48)::bigint
        / 281474976710656.0::double precision
$$;
COMMENT ON FUNCTION curation.random_place IS
'A place from 0 up to 1, drawn by a hash of the id: those below 0.05 are a random twentieth, the same at each look.';

CREATE FUNCTION curation.words(written text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(word[1] ORDER BY place), '{}')
    FROM regexp_matches(
        written, '\s*(?:[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\s\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+)\s*', 'g'
    ) WITH ORDINALITY AS each (word, place)
$$;
COMMENT ON FUNCTION curation.words IS
'The words of a text with the white space around them; in Chinese and Japanese each character is one.';

CREATE FUNCTION curation.change(kept text, stays text, gone text, came text) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN kept <> '' THEN jsonb_build_array(jsonb_build_array('equal', kept, stays)) ELSE '[]' END
        || CASE
            WHEN gone <> '' AND came <> '' THEN jsonb_build_array(jsonb_build_array('replace', gone, came))
            WHEN gone <> '' THEN jsonb_build_array(jsonb_build_array('delete', gone, ''))
            WHEN came <> '' THEN jsonb_build_array(jsonb_build_array('insert', '', came))
            ELSE '[]'
        END
$$;
COMMENT ON FUNCTION curation.change IS 'The parts of a diff for words that stay, then words that go and words that come.';

CREATE FUNCTION curation.bare(words text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(regexp_replace(word, '\s', '', 'g') ORDER BY place), '{}')
    FROM unnest(words) WITH ORDINALITY AS each (word, place)
$$;
COMMENT ON FUNCTION curation.bare IS 'Words without the white space around them.';

CREATE FUNCTION curation.longest_common(old text[], new text[]) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    most constant integer := 250000;
    width integer := cardinality(new) + 1;
    longest integer[];
BEGIN
    IF (cardinality(old) + 1)::bigint * width > most THEN
        RETURN NULL;
    END IF;
    longest := array_fill(0, ARRAY[(cardinality(old) + 1) * width]);
    FOR i IN REVERSE cardinality(old) .. 1 LOOP
        FOR j IN REVERSE width - 1 .. 1 LOOP
            longest[(i - 1) * width + j] := CASE
                WHEN old[i] = new[j] THEN longest[i * width + j + 1] + 1
                ELSE greatest(longest[i * width + j], longest[(i - 1) * width + j + 1])
            END;
        END LOOP;
    END LOOP;
    RETURN longest;
END
$$;
COMMENT ON FUNCTION curation.longest_common IS
'At (i - 1) * (new words + 1) + j: the length of the longest common subsequence from old word i and new word j on; null for more than 250,000 pairs of words.';

CREATE FUNCTION curation.word_diff(before text, after text) RETURNS json
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    old text[] := curation.words(before);
    new text[] := curation.words(after);
    old_words text[] := curation.bare(old);
    new_words text[] := curation.bare(new);
    first integer := 1;
    old_last integer := cardinality(old);
    new_last integer := cardinality(new);
    longest integer[];
    width integer;
    at integer; -- in longest, of the words i and j
    i integer := 1;
    j integer := 1;
    kept text := '';
    stays text := '';
    gone text := '';
    came text := '';
    parts jsonb := '[]';
BEGIN
    WHILE first <= least(old_last, new_last) AND old_words[first] = new_words[first] LOOP
        first := first + 1;
    END LOOP;
    WHILE first <= least(old_last, new_last) AND old_words[old_last] = new_words[new_last] LOOP
        old_last := old_last - 1;
        new_last := new_last - 1;
    END LOOP;
    width := new_last - first + 2;
    longest := curation.longest_common(old_words[first : old_last], new_words[first : new_last]);
    WHILE i <= cardinality(old) OR j <= cardinality(new) LOOP
        at := (i - first) * width + j - first + 1;
        IF i < first OR i > old_last AND j > new_last
            OR i <= old_last AND j <= new_last AND longest IS NOT NULL AND old_words[i] = new_words[j] THEN
            IF gone <> '' OR came <> '' THEN
                parts := parts || curation.change(kept, stays, gone, came);
                kept := '';
                stays := '';
                gone := '';
                came := '';
            END IF;
            kept := kept || old[i];
            stays := stays || new[j];
            i := i + 1;
            j := j + 1;
        ELSIF j > new_last OR i <= old_last AND (longest IS NULL OR longest[at + width] >= longest[at + 1]) THEN
            gone := gone || old[i];
            i := i + 1;
        ELSE
            came := came || new[j];
            j := j + 1;
        END IF;
    END LOOP;
    RETURN (parts || curation.change(kept, stays, gone, came))::json;
END
$$;
COMMENT ON FUNCTION curation.word_diff IS
'Word by word: [[equal, delete, insert or replace, old words, new words], …] by the longest common subsequence; the old words together are the old text, the new words the new one.';

CREATE FUNCTION curation.html_like(html text, written text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE
        WHEN html LIKE '<ul>%' THEN
            '<ul>' || string_agg('<li>' || regexp_replace(line, '^(\s*•)+\s*', '') || '</li>', '' ORDER BY place) || '</ul>'
        ELSE string_agg('<p>' || line || '</p>', '' ORDER BY place)
    END
    FROM (SELECT replace(replace(replace(written, '&', '&amp;'), '<', '&lt;'), '>', '&gt;') AS tagless) AS escaped,
        string_to_table(replace(replace(tagless, '"', '&quot;'), '''', '&#x27;'), E'\n')
        WITH ORDINALITY AS each (line, place)
    WHERE line ~ '\S'
$$;
COMMENT ON FUNCTION curation.html_like IS
'A text as HTML in the form of other HTML: a list if that is one, else a paragraph for each line; as shared/layout.py does.';
