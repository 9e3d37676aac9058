-- Rows :first to :last of a catalogue with a past. A product has one event, one generation and one description; they
-- all have its number as their id. Row :count is new, each row before it older by :apart seconds.
CREATE OR REPLACE FUNCTION pg_temp.facts(i bigint) RETURNS json LANGUAGE sql AS $$
    SELECT json_build_array(
        json_build_array('title', 'Norrland kettle K' || i),
        json_build_array('brand', 'Norrland ' || i % 500),
        json_build_array('capacity', i % 40 || ' l'),
        json_build_array('power', 1000 + i % 1500 || ' watt'),
        json_build_array('material', 'stainless steel'),
        json_build_array('colour', (ARRAY['black', 'white', 'red', 'silver'])[1 + i % 4])
    )
$$;

CREATE OR REPLACE FUNCTION pg_temp.attributes(i bigint) RETURNS json LANGUAGE sql AS $$
    SELECT json_build_object(
        'capacity', i % 40 || ' l',
        'power', 1000 + i % 1500 || ' watt',
        'material', 'stainless steel',
        'colour', (ARRAY['black', 'white', 'red', 'silver'])[1 + i % 4],
        'cable length', i % 20 || ' m',
        'weight', 700 + i % 900 || ' g',
        'ean', 4000000000000 + i,
        'warranty', '2 years',
        'country of origin', 'Sweden',
        'package', repeat('one kettle, one base, one manual; ', 6)
    )
$$;

CREATE OR REPLACE FUNCTION pg_temp.copy(i bigint) RETURNS text LANGUAGE sql AS $$
    SELECT format(
        'The Norrland kettle K%s holds %s l and boils it with %s watt. Its body is made of stainless steel, and the lid in '
        '%s opens with one hand. The base turns all the way round.',
        i, i % 40, 1000 + i % 1500, (ARRAY['black', 'white', 'red', 'silver'])[1 + i % 4]
    )
$$;

CREATE OR REPLACE FUNCTION pg_temp.evidence(copy text, facts json) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_agg(jsonb_build_object(
        'start', strpos(copy, fact ->> 1) - 1, 'end', strpos(copy, fact ->> 1) - 1 + length(fact ->> 1),
        'text', fact ->> 1, 'kind', 'exact', 'attribute', fact ->> 0, 'value', fact ->> 1, 'reason', '',
        'source', 'attribute', 'knowledge', NULL, 'claim', NULL
    ))
    FROM json_array_elements(facts) AS each (fact)
    WHERE fact ->> 0 <> 'brand'
$$;

INSERT INTO app.product (id, source, sku, version, title, brand, category, attributes, created_at, updated_at)
SELECT
    i, 'seeded', 'K-' || i, 1, 'Norrland kettle K' || i, 'Norrland ' || i % 500, ARRAY['Kitchen', 'Kettles'],
    pg_temp.attributes(i), at, at
FROM generate_series(:first, :last) AS i, LATERAL (SELECT now() - (:count - i) * :apart * interval '1 second' AS at) AS t;

INSERT INTO app.inbox_event (
    id, stream_entry, payload_digest, source, event_id, type, sku, product_version, product_id, payload, occurred_at,
    received_at, outcome, closed_at
)
SELECT
    i, 1700000000000 + i || '-0', encode(sha256(int8send(i)), 'hex'), 'seeded', 'K-' || i || '-v1',
    'catalog.product.changed.v1', 'K-' || i, 1, i,
    json_build_object(
        'id', 'K-' || i || '-v1', 'type', 'catalog.product.changed.v1', 'source', 'seeded', 'time', at,
        'data', json_build_object(
            'sku', 'K-' || i, 'version', 1, 'title', 'Norrland kettle K' || i, 'attributes', pg_temp.attributes(i)
        )
    ),
    at, at, 'described', at
FROM generate_series(:first, :last) AS i, LATERAL (SELECT now() - (:count - i) * :apart * interval '1 second' AS at) AS t;

INSERT INTO app.generation (
    id, inbox_event_id, product_id, profile, input_digest, queue, status, attempts, due_at, nudged_at, created_at,
    started_at, finished_at
)
SELECT i, i, i, 'product_page', encode(sha256(int8send(i)), 'hex'), 'generate', 'done', 1, at, at, at, at, at
FROM generate_series(:first, :last) AS i, LATERAL (SELECT now() - (:count - i) * :apart * interval '1 second' AS at) AS t;

INSERT INTO app.description (
    id, generation_id, product_id, product_version, profile, profile_version, locale, text, raw_text, status, reasons,
    changes, facts, evidence, attribute_coverage, numeric_fidelity, unsupported_spans, grounded_precision, repetition,
    length_fit, language_match, confidence, refusal, pii, quality, scores_version, plan, rule_hits, steps,
    model_version_id, prompt_tokens, new_tokens, queue_ms, decode_ms, batch_size, created_at
)
SELECT
    i, i, i, 1, 'product_page', '1', 'en', copy, copy, CASE WHEN i % 10 = 0 THEN 'needs_review' ELSE 'published' END,
    '{}', '{}', facts, pg_temp.evidence(copy, facts), 0.8, 1, 0, 0.9, 0, 1, 0.99, 0.8, FALSE, FALSE, 0.5 + i % 50 / 100.0,
    '1', json_build_object('facts', facts, 'left_out', json_build_array(json_build_array('ean', 'an article number'))),
    '[]', jsonb_build_array(jsonb_build_object(
        'name', 'candidates', 'outcome', 'published', 'texts', 2, 'new_tokens', 110, 'decode_ms', 4200.5
    )),
    :model, 120, 55, 20.5, 4200.5, 64, now() - (:count - i) * :apart * interval '1 second'
FROM generate_series(:first, :last) AS i, LATERAL (SELECT pg_temp.copy(i) AS copy, pg_temp.facts(i) AS facts) AS written;

INSERT INTO app.current_copy (
    product_id, profile, requested_digest, requested_generation_id, description_id, updated_at
)
SELECT
    i, 'product_page', encode(sha256(int8send(i)), 'hex'), i, i, now() - (:count - i) * :apart * interval '1 second'
FROM generate_series(:first, :last) AS i;

-- Half of the bands are a copy's own; the others are shared by 10 to 100,000 of a million copies.
INSERT INTO app.copy_fingerprint (description_id, product_id, profile, bands)
SELECT i, i, 'product_page', ARRAY(
    SELECT hashint8extended(CASE WHEN n <= 10 THEN i ELSE i % (10 ^ (n / 4))::bigint END, n) FROM generate_series(1, 20) AS n
)
FROM generate_series(:first, :last) AS i
WHERE i % 10 <> 0;
