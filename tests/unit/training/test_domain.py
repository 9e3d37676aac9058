from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from transformers import AutoTokenizer

from shared.adapters import read_adapter
from shared.checkpoints import BaseModel
from shared.curation.families import family_of, split_of
from shared.errors import ConfigurationError, TrainingFailed
from shared.events import Product
from shared.facts import Fact
from shared.profiles import Profile
from shared.prompts import prompt_version
from tests.tiny_model import build_tiny_model
from training.dataset import Example, write_examples
from training.domain import TextSet, document_text, gather_texts, packed, read_texts, write_texts
from training.finetune import finetune
from training.options import TrainOptions
from training.run_directory import RunDirectory

KETTLE = Product(
    sku="1",
    version=1,
    title="Kettle",
    brand="Velmora",
    category=["Kitchen", "Kettles"],
    attributes={"colours": ["red", "blue"], "cordless": True},
    supplier_text=" A kettle of steel. ",
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    return BaseModel("tiny", build_tiny_model(tmp_path_factory.mktemp("tiny")), "d" * 64)


@pytest.fixture(scope="module")
def tokenizer(base: BaseModel) -> Any:
    return AutoTokenizer.from_pretrained(base.path)


def test_a_document_holds_title_facts_and_all_texts() -> None:
    assert document_text(KETTLE, ["Boils fast.", ""]).split("\n") == [
        "Kettle",
        "- brand: Velmora",
        "- category: Kitchen > Kettles",
        "- colours: red, blue",
        "- cordless: yes",
        "A kettle of steel.",
        "Boils fast.",
    ]


def rows(path: Path, *documents: Any) -> Path:
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return path


def test_products_of_held_out_families_are_never_learnt(tmp_path: Path) -> None:
    named = [f"Kettle {chr(65 + at // 26)}{chr(97 + at % 26)}x" for at in range(100)]
    file = rows(tmp_path / "products.jsonl", *({"sku": name, "title": name, "attributes": {}} for name in named))
    found = gather_texts([file])
    assert len(found.train) + len(found.held_out) == 100
    assert 0 < len(found.held_out) < 30
    for title in found.held_out:
        assert split_of(family_of(Product(sku="1", version=1, title=title))) == "holdout"


def test_a_row_that_is_no_product_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    named = [{"sku": str(at), "title": f"{word} kettle", "attributes": {}} for at, word in enumerate(("odd", "even"))]
    file = rows(tmp_path / "products.jsonl", *named, {"sku": "3"}, named[0])
    file.write_text(file.read_text() + "{\n")
    found = gather_texts([file])
    assert len(found.train + found.held_out) == 2
    assert [problem.split(": ")[0].rpartition(":")[2] for problem in found.problems] == ["3", "5"]


def test_a_file_without_a_product_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no product to learn from; the first fault: .*products\.jsonl:1"):
        gather_texts([rows(tmp_path / "products.jsonl", {"sku": "1"})])


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), max_size=8))
def test_texts_are_read_as_they_were_written(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("texts") / "texts.jsonl"
    written = [text.encode("utf-8", "replace").decode() for text in texts]
    write_texts(path, written)
    assert read_texts(path) == written


@settings(deadline=None)
@given(st.lists(st.text("abc ", max_size=30), min_size=1, max_size=10), st.integers(1, 16))
def test_blocks_hold_the_texts_in_order_each_with_its_end(tokenizer: Any, texts: list[str], size: int) -> None:
    blocks = packed(texts, tokenizer, size)
    tokens = [token for block in blocks for token in block["input_ids"]]
    expected = [token for text in texts for token in (*tokenizer(text)["input_ids"], tokenizer.eos_token_id)]
    assert tokens == expected[: len(tokens)]
    assert len(expected) - len(tokens) < size
    assert all(block["labels"] == block["input_ids"] for block in blocks)
    assert len({len(block["input_ids"]) for block in blocks}) == 1


def test_each_epoch_reads_the_same_blocks(tokenizer: Any) -> None:
    blocks = TextSet(["a kettle", "a teapot"], tokenizer, 4)
    assert [blocks[len(blocks) + at] for at in range(len(blocks))] == list(blocks)
    assert blocks.lengths == [4] * len(blocks)


def test_no_text_at_all_is_refused(tokenizer: Any) -> None:
    with pytest.raises(TrainingFailed, match="no text to learn from"):
        packed([], tokenizer, 8)


@pytest.mark.filterwarnings("ignore:.*gradient_checkpointing. is deprecated:FutureWarning")
def test_fine_tuning_starts_from_what_the_catalogue_taught(tmp_path: Path, base: BaseModel) -> None:
    options = TrainOptions(stage="domain", batch_size=2, max_steps=2, eval_every=1, max_tokens=32, precision="fp32")
    run = RunDirectory(tmp_path / "domain")
    run.open(options.model_dump(mode="json"))
    texts = [document_text(KETTLE, [f"It boils {at} cups."]) for at in range(6)]
    write_texts(run.train_file, texts[:4])
    write_texts(run.held_out_file, texts[4:])
    assert finetune(run, options, base).steps == 2
    assert read_adapter(run.adapter).prompt_version == prompt_version(taught=False)

    second = options.model_copy(update={"stage": "finetune", "max_tokens": 400, "learning_rate": 1e-9})
    after = RunDirectory(tmp_path / "finetune")
    after.open(second.model_dump(mode="json"))
    examples = [Example((Fact("title", "Kettle"),), Profile(name="p", version="1"), "The Kettle boils.")] * 3
    write_examples(after.train_file, examples[:2])
    write_examples(after.held_out_file, examples[2:])
    finetune(after, second, base, start=run.adapter)
    assert read_adapter(after.adapter).prompt_version == prompt_version(taught=True)
    assert read_adapter(after.adapter).manifest["start"] == read_adapter(run.adapter).name
    weights = [load_file(each.adapter / "adapter_model.safetensors") for each in (run, after)]
    assert all(torch.allclose(weights[0][name], weights[1][name], atol=1e-4) for name in weights[0])
