from __future__ import annotations

from typing import Any

from huggingface_hub import ModelCard

from training.model_card import model_card

DOCUMENT: dict[str, Any] = {
    "name": "smollm2-135m-2026-11-23-1a2b3c",
    "base": {"name": "smollm2-135m-instruct", "digest": "d", "weights_digest": "w"},
    "prompt_version": "3t",
    "taught": True,
    "data": {
        "digest": "5e1f",
        "train": 1200,
        "held_out": 130,
        "sources": {"rnnlg-tv": {"rows": 1330, "licence": "Apache-2.0"}},
        "refused": {"is empty": 2, "states 'steel', | which no attribute holds": 70},
    },
    "options": {"method": "lora", "rank": 8, "max_steps": None, "augment": {"value_swap": 0.3}},
    "metrics": {"held_out_loss": 0.83},
}
REPORT = {
    "file": "test.jsonl",
    "rows": 200,
    "contestants": {
        "base": {"bleu": {"value": 6.1, "low": 5.0, "high": 7.0}},
        "adapter": {"bleu": {"value": 35.1, "low": 33.0, "high": 37.0}, "words": {"value": 21.0}},
    },
}


def test_the_front_matter_is_what_hugging_face_reads() -> None:
    data = ModelCard(model_card(DOCUMENT)).data
    assert (data.base_model, data.license, data.language) == ("HuggingFaceTB/SmolLM2-135M-Instruct", "apache-2.0", "en")
    assert data.library_name == "peft"
    assert [(each.metric_type, each.metric_value) for each in data.eval_results] == [("held_out_loss", 0.83)]


def test_a_card_names_data_licences_and_refusals() -> None:
    card = model_card(DOCUMENT)
    assert "| rnnlg-tv | 1,330 | Apache-2.0 |" in card
    assert card.index("| states 'steel', \\| which no attribute holds | 70 |") < card.index("| is empty | 2 |")
    assert "| augment | `value_swap 0.3` |" in card
    assert "max_steps" not in card


def test_a_report_puts_all_contestants_side_by_side_with_intervals() -> None:
    card = model_card(DOCUMENT | {"report": REPORT})
    assert "| metric | base | adapter |" in card
    assert "| bleu | 6.1 [5, 7] | 35.1 [33, 37] |" in card
    assert "| words | – | 21 |" in card


def test_a_source_without_a_licence_and_the_adapter_it_began_with_are_named() -> None:
    data = DOCUMENT["data"] | {"sources": {"curated": {"rows": 7}}}
    card = model_card(DOCUMENT | {"data": data, "start": "smollm2-135m-2026-11-01-abcdef"})
    assert "| curated | 7 | – |" in card
    assert "It began with the adapter `smollm2-135m-2026-11-01-abcdef`." in card


def test_a_card_without_metrics_says_so() -> None:
    assert "Not evaluated yet." in model_card(DOCUMENT | {"metrics": {}})


def test_a_whole_model_is_not_called_an_adapter() -> None:
    card = model_card(DOCUMENT | {"options": {"method": "full"}})
    assert ModelCard(card).data.library_name == "transformers"
    assert "A PEFT adapter" not in card
