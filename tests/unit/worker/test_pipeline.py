"""From a product to its copy, with an engine that says what it is told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from shared.content.planning import plan_copy
from shared.content.salience import Salience
from shared.events import AttributeValue, Product, Quantity
from shared.factcheck.evidence import without_fragments
from shared.gate import Standards
from shared.profiles import Profile
from shared.prompts import Prompt, description_prompt
from worker.drafting import Brief, Draft
from worker.engine import Generated
from worker.pipeline import TOKENS_PER_WORD, describe
from worker.serving import ServedModel

PROFILE = Profile(name="product_page", version="7", min_words=8, max_words=40, ignored_attributes=("price",), rules=())


@dataclass
class Parrot:
    """An engine that answers each prompt with the same text, and remembers what it was asked."""

    model = ServedModel(1, "fake", taught=False)
    answer: str
    asked: list[tuple[Prompt, int, bool]] = field(default_factory=list)

    def generate(
        self, prompt: Prompt, *, max_new_tokens: int, candidates: int = 1, alone: bool = False, urgent: bool = True
    ) -> list[Generated]:
        self.asked.append((prompt, max_new_tokens, alone))
        written = Generated(
            text=self.answer,
            confidence=0.8,
            prompt_tokens=90,
            new_tokens=30,
            complete=True,
            queue_ms=1.5,
            decode_ms=250.0,
            batch_size=4,
        )
        return [written] * candidates


def product(title: str, category: str, brand: str | None = None, **attributes: AttributeValue) -> Product:
    return Product(
        sku="A-1",
        version=1,
        title=title,
        brand=brand,
        category=[category],
        attributes={name.replace("_", " "): value for name, value in attributes.items()},
    )


def brief(product: Product, profile: Profile = PROFILE) -> Brief:
    return Brief(product, profile, plan_copy(product, profile, Salience()), Standards(second_try=False))


def described(product: Product, answer: str, profile: Profile = PROFILE) -> Draft:
    return describe(brief(product, profile), Parrot(answer)).draft


TELEVISION = product(
    "Notus 31",
    "television",
    HDMI_ports=2,
    screen_size=Quantity(value=32, unit="inch"),
    color="black",
    USB_port=False,
    price="419 dollars",
)
SIDEWALL = product("Sidewall", "Wallcoverings", date="1875–1925", material="machine-printed paper", country="France")
FUSER = product(
    "HP C9736A fuser 150000 pages", "Fusers", brand="HP", compatibility="LaserJet 5500", color="black", weight="2 kg"
)
GOOD = "The Notus 31 is a black television with a 32-inch screen, 2 HDMI ports and no USB port."


def test_true_copy_is_published_as_it_is() -> None:
    copy = described(TELEVISION, GOOD)
    assert (copy.text, copy.verdict.status, list(copy.changes)) == (GOOD, "published", [])
    assert copy.scores.attribute_coverage == 1


def test_the_engine_is_asked_for_what_the_profile_wants() -> None:
    engine = Parrot(GOOD)
    describe(brief(TELEVISION), engine, alone=True)
    ((prompt, limit, alone),) = engine.asked
    assert "price" not in prompt.question[1]
    assert (limit, alone) == (PROFILE.max_words * TOKENS_PER_WORD, True)


def test_candidates_that_say_the_same_are_checked_once() -> None:
    compared: list[str] = []

    def likeness(text: str) -> float:
        compared.append(text)
        return 0.0

    asked = replace(brief(TELEVISION), standards=Standards(candidates=3), likeness=likeness)
    copy = describe(asked, Parrot(GOOD))
    assert compared == [GOOD]
    assert (copy.steps[0].texts, copy.steps[0].new_tokens) == (3, 90)


def test_a_fact_whose_change_causes_no_new_copy_is_no_evidence() -> None:
    assert described(TELEVISION, f"{GOOD} It costs 419 dollars.").text == GOOD


def test_a_fact_that_the_prompt_left_out_still_speaks_against_a_statement() -> None:
    series = {"processor_frequency": "2.8", "processor_lithography": "90", "processor_series": "Xeon 7000 series"}
    processor = product("Intel 7030", "Processor", **series)
    short = PROFILE.model_copy(update={"max_attributes": 2})
    copy = described(processor, "The Intel 7030 is a processor. Its processor is a 90-series processor.", short)
    assert "90-series" not in copy.text or copy.verdict.status != "published"


def test_a_sentence_without_evidence_is_left_out() -> None:
    copy = described(TELEVISION, f"{GOOD} It is a perfect gift.")
    assert (copy.text, copy.verdict.status) == (GOOD, "published")
    assert "unsupported_sentences" in copy.changes


def test_copy_that_is_wrong_throughout_is_kept_for_a_curator() -> None:
    text = "The Notus 31 is a golden television with a 40-inch screen."
    copy = described(TELEVISION, text)
    assert (copy.text, copy.verdict.status) == (text, "needs_review")
    assert "2 statements without evidence: 'golden' and '40-inch'" in copy.verdict.reasons


def test_the_product_is_named_again_when_its_sentence_was_left_out() -> None:
    answer = "The Notus 31 is a perfect television. It has a 32-inch screen, 2 HDMI ports and no USB port."
    copy = described(TELEVISION, answer)
    assert copy.text == "The Notus 31 has a 32-inch screen, 2 HDMI ports and no USB port."
    assert copy.verdict.status == "published"
    assert list(copy.changes)[-2:] == ["unsupported_sentences", "lead"]


def test_a_sentence_without_a_verb_is_left_out() -> None:
    copy = described(TELEVISION, f"{GOOD} 32 inch and black.")
    assert (copy.text, list(copy.changes)) == (GOOD, ["verbless"])
    assert without_fragments("32 inch.") == "32 inch."
    assert without_fragments("Ein Stuhl ist hier. 53 cm.", "de") == "Ein Stuhl ist hier. 53 cm."


def test_broken_grammar_is_mended_before_it_is_checked() -> None:
    copy = described(
        TELEVISION, "The Notus 31 is a black television. Its screen is 32 inch. Its comes without USB port."
    )
    assert copy.text == "The Notus 31 is a black television. Its screen is 32 inch. It comes without USB port."
    assert (copy.verdict.status, list(copy.changes)) == ("published", ["mended"])


def test_a_value_of_another_attribute_is_left_out() -> None:
    copy = described(TELEVISION, f"{GOOD} Its color comes without USB port.")
    assert (copy.text, copy.verdict.status) == (GOOD, "published")


def test_a_sentence_that_only_repeats_the_title_is_left_out() -> None:
    cable = product("StarTech.com 10 ft KVM Cable", "Cables", brand="StarTech.com", color="black", weight="300 g")
    copy = described(cable, "This StarTech.com 10 ft KVM Cable is a 10 ft KVM Cable. It is black and weighs 300 g.")
    assert copy.text == "The StarTech.com 10 ft KVM Cable is black and weighs 300 g."
    assert (copy.verdict.status, list(copy.changes)) == ("published", ["restatements", "lead"])


@pytest.mark.parametrize(
    ("of", "answer", "reason"),
    [
        (SIDEWALL, "This Sidewall is from France and it is a 1925–1925 piece.", "'1925'"),
        (SIDEWALL, "It is a 1908 design.", "1 statement without evidence: '1908'"),
        (
            FUSER,
            "The HP C9736A fuser 150000 pages is a LaserJet 5500.",
            "1 statement without evidence: 'LaserJet 5500'",
        ),
        (TELEVISION, "The Notus 31 is a television.", "states none of 4 attributes"),
        (TELEVISION, "The Notus 31 is a television.", "has 6 words; the profile asks for at least 8"),
        (TELEVISION, "This set has a 32-inch screen and 2 HDMI ports.", "does not name the product"),
        (
            product(
                "Philips PFA531 ink cartridge Black", "Ink cartridges", brand="Philips", weight="80 g", yield_="440"
            ),
            "The Philips PFA531 ink cartridge Black is a product of the Philips PFA531 ink cartridge.",
            "states none of 2 attributes",
        ),
    ],
)
def test_poor_copy_goes_to_a_curator_with_its_reason(of: Product, answer: str, reason: str) -> None:
    copy = described(of, answer)
    assert copy.verdict.status == "needs_review"
    assert any(reason in given for given in copy.verdict.reasons)


def test_a_refusal_is_rejected() -> None:
    copy = described(TELEVISION, "I'm sorry, but I cannot write this description.")
    assert (copy.verdict.status, copy.verdict.reasons) == (
        "rejected",
        ("the model declined to write a description",),
    )


def test_the_values_are_what_is_recorded() -> None:
    values = describe(brief(TELEVISION), Parrot(f"{GOOD}\x00")).values
    assert values["raw_text"] == GOOD
    assert values["facts"][0] == ["title", "Notus 31"]
    assert values["evidence"][0] == {
        "start": 4,
        "end": 12,
        "text": "Notus 31",
        "attribute": "title",
        "value": "Notus 31",
        "kind": "exact",
        "reason": "",
        "source": "title",
        "knowledge": None,
        "claim": None,
    }
    assert values["plan"]["lead"][:2] == ("title", "category")
    assert {"attribute": "price", "reason": "ignored by the profile"} in values["plan"]["left_out"]
    assert (values["html"], values["rule_hits"], values["locale"]) == (None, [], "en")
    assert (values["profile_version"], values["batch_size"], values["confidence"]) == ("7", 4, 0.8)


CLOSING = "See all details in our shop."
CLOSED = PROFILE.model_copy(update={"closing": CLOSING})


def test_the_closing_sentence_stands_at_the_end_with_its_own_evidence() -> None:
    draft = described(TELEVISION, GOOD, CLOSED)

    assert (draft.text, draft.verdict.status) == (f"{GOOD} {CLOSING}", "published")
    own = draft.spans[-1]
    assert (draft.text[own.start : own.end], own.attribute, own.source) == (CLOSING, "closing sentence", "knowledge")
    assert own.knowledge == CLOSED.name


def test_the_closing_sentence_counts_for_no_attribute() -> None:
    plain = described(TELEVISION, GOOD)
    closed = described(TELEVISION, GOOD, CLOSED)

    assert closed.scores.attribute_coverage == plain.scores.attribute_coverage
    assert closed.scores.slot_error_rate == plain.scores.slot_error_rate


def test_a_closing_sentence_makes_no_thin_copy_good() -> None:
    draft = described(TELEVISION, "The Notus 31 is a television.", CLOSED)

    assert "states none of 4 attributes" in draft.verdict.reasons


def test_of_html_copy_the_text_stays_plain_and_the_html_is_escaped() -> None:
    television = product("Notus <31> & Co", "television", color="black", screen_size="32 inch", HDMI_ports=2)
    page = PROFILE.model_copy(update={"format": "html"})
    answer = "The Notus <31> & Co is a black television with a 32 inch screen and 2 HDMI ports."
    values = describe(brief(television, page), Parrot(answer)).values

    assert "&amp;" not in values["text"] and "& Co" in values["text"]
    assert values["html"].startswith("<p>") and "&amp; Co" in values["html"]
    assert values["html"].count("<") == 2


def test_copy_that_breaks_a_rule_is_not_published_and_the_hit_is_recorded() -> None:
    careful = PROFILE.model_copy(update={"rules": (), "forbidden_words": ("black",)})
    values = describe(brief(TELEVISION, careful), Parrot(GOOD)).values

    (hit,) = values["rule_hits"]
    assert values["status"] == "needs_review"
    assert (hit["text"], values["text"][hit["start"] : hit["end"]]) == ("black", "black")


def test_a_fine_tuned_model_is_asked_in_the_form_that_it_was_taught() -> None:
    base, tuned = Parrot("It is black."), Parrot("It is black.")
    tuned.model = ServedModel(2, "tuned", taught=True)
    for engine in (base, tuned):
        describe(brief(TELEVISION), engine)
    facts = brief(TELEVISION).facts
    assert base.asked[0][0] == description_prompt(facts, PROFILE)
    assert tuned.asked[0][0] == description_prompt(facts, PROFILE, taught=True)
    assert base.asked[0][0] != tuned.asked[0][0]
