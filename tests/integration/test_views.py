"""The views of the evidence: one row for each factual span, rule hit and step, as analysts read them."""

from __future__ import annotations

from shared.content.salience import Salience
from shared.policy import Policy
from tests.event_fakes import PROFILES, Service, Writer, changed

TRUE = Writer(answer="The {title} is black and has a power of 2200 watt. It is made of oak.")
KEPT = "The Norrland Kettle K2 is black and has a power of 2200 watt."
FALSE = Writer(answer="The {title} is red and has a power of 2200 watt.")


def test_each_factual_span_quotes_the_text_and_names_what_supports_it(shelftalk: Service) -> None:
    shelftalk.describe(changed(), writer=TRUE)
    spans = shelftalk.rows(
        "SELECT e.place, e.span_start, e.span_end, e.words, e.match, e.supported_by, e.attribute, e.value, d.text"
        " FROM analytics.evidence AS e JOIN app.description AS d ON d.id = e.description_id ORDER BY e.place"
    )

    assert [place for place, *_ in spans] == list(range(1, len(spans) + 1))
    assert all(text == KEPT and text[start:end] == words for _, start, end, words, *_, text in spans)
    supported = {words: (supported_by, attribute, value) for *_, words, _, supported_by, attribute, value, _ in spans}
    assert supported["black"] == ("attribute", "color", "black")
    assert ("title", "title", "Kettle K2") in supported.values()
    assert ("brand", "brand", "Norrland") in supported.values()


def test_a_span_that_nothing_supports_says_why_and_what_it_is_about(shelftalk: Service) -> None:
    shelftalk.describe(changed(), writer=FALSE)

    assert shelftalk.rows(
        "SELECT sku, profile, words, supported_by, attribute, claim, reason IS NOT NULL, is_current, status"
        " FROM analytics.evidence WHERE match = 'unsupported'"
    ) == [("KET-42", "product_page", "red", None, None, "color", True, True, "needs_review")]


def test_only_the_newest_copy_is_current(shelftalk: Service) -> None:
    shelftalk.describe(changed(), writer=TRUE)
    shelftalk.describe(changed(version=2, title="Kettle K3"), writer=TRUE)
    query = "SELECT DISTINCT description_id, is_current FROM analytics.evidence ORDER BY 1"

    assert [is_current for _, is_current in shelftalk.rows(query)] == [False, True]


def test_each_step_of_writing_and_repair_has_its_outcome_and_its_cost(shelftalk: Service) -> None:
    shelftalk.describe(changed(), writer=TRUE)
    steps = shelftalk.rows(
        "SELECT place, step, outcome, texts, new_tokens, decode_ms FROM analytics.repair_step ORDER BY 1"
    )

    assert steps[0][:2] == (1, "candidates") and "without evidence: 'oak'" in steps[0][2]
    assert steps[0][3:] == (1, 12, 2.0)
    assert steps[1:] == [(2, "trimmed", "published", 0, 0, 0.0)]


def test_each_hit_of_a_rule_quotes_the_text(shelftalk: Service) -> None:
    careful = PROFILES["product_page"].model_copy(update={"forbidden_words": ("black",)})
    shelftalk.activate(Policy({"product_page": careful}, {}, Salience()))
    shelftalk.describe(changed(), writer=TRUE)

    [(words, text, start, end, status)] = shelftalk.rows(
        "SELECT h.words, d.text, h.span_start, h.span_end, h.status"
        " FROM analytics.rule_hit AS h JOIN app.description AS d ON d.id = h.description_id"
    )
    assert words == text[start:end] == "black"
    assert status == "needs_review"


def test_descriptions_from_before_the_evidence_was_kept_in_full_have_no_rows(shelftalk: Service) -> None:
    shelftalk.describe(changed(), writer=TRUE)
    shelftalk.execute("ALTER TABLE app.description DISABLE TRIGGER USER")
    shelftalk.execute("UPDATE app.description SET steps = NULL, rule_hits = NULL, evidence = '[]'")

    for view in ("evidence", "rule_hit", "repair_step"):
        assert shelftalk.rows(f"SELECT * FROM analytics.{view}") == []  # noqa: S608
    assert shelftalk.copy() == KEPT


def test_of_an_html_profile_the_escaped_html_is_stored_beside_the_plain_text(shelftalk: Service) -> None:
    page = PROFILES["product_page"].model_copy(update={"format": "html"})
    shelftalk.activate(Policy({"product_page": page}, {}, Salience()))
    writer = Writer(answer="The {title} is black and has a power of 2200 watt.")
    shelftalk.describe(changed(title="Kettle K2 & Lid"), writer=writer)

    [(text, html)] = shelftalk.rows("SELECT text, html FROM app.description")
    assert "K2 & Lid" in text
    assert html == f"<p>{text.replace('&', '&amp;')}</p>"
