"""Domain-adaptive pre-training: a catalogue's own texts, as they are, before any pair is learnt.

A base model that has read a trade's titles, attributes and copy writes its words better (Gururangan et al. 2020, "Don't
stop pretraining"). The loss counts on every token. The adapter that comes of it cannot answer yet: it is what
fine-tuning starts from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.curation.families import Split, family_of, split_of
from shared.errors import ConfigurationError, InvalidEvent, TrainingFailed
from shared.evaluation.rows import product_of, read_rows
from shared.events import Product
from shared.facts import product_facts
from training.dataset import Tokens
from training.options import TrainOptions
from training.run_directory import RunDirectory

_PRODUCT = ("sku", "title", "brand", "category", "attributes", "locale", "supplier_text")
_COPY = ("description", "short_description")


@dataclass
class CatalogueTexts:
    """The texts of a catalogue by the side of the split that their products are on, each once; ``problems`` names each
    row that holds none, with the reason."""

    train: list[str] = field(default_factory=list)
    held_out: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def gather_texts(files: Iterable[Path]) -> CatalogueTexts:
    """The texts of catalogue files: JSON Lines of products, with or without copy.

    What is held out from fine-tuning is held out here too: the model that is evaluated has never seen it.

    Raises:
        ConfigurationError: when a file cannot be read, or none holds a product.
    """
    found = CatalogueTexts()
    names = list(files)
    texts: dict[Split, dict[str, None]] = {"train": {}, "holdout": {}}
    for file in names:
        for line, row in read_rows(file):
            try:
                product, copy = _read(row)
            except InvalidEvent as error:
                found.problems.append(f"{file}:{line}: {error}")
                continue
            texts[split_of(family_of(product))][document_text(product, copy)] = None
    found.train, found.held_out = list(texts["train"]), list(texts["holdout"])
    if not found.train:
        first = f"; the first fault: {found.problems[0]}" if found.problems else ""
        raise ConfigurationError(f"{', '.join(map(str, names))}: no product to learn from{first}")
    return found


def _read(row: Mapping[str, Any] | InvalidEvent) -> tuple[Product, list[str]]:
    if isinstance(row, InvalidEvent):
        raise row
    copy = [text for name in _COPY if isinstance(text := row.get(name), str)]
    return product_of({"product": {name: row[name] for name in _PRODUCT if row.get(name) is not None}}), copy


def document_text(product: Product, copy: Iterable[str] = ()) -> str:
    """All that a catalogue says of a product: a line for each fact, as prompts have them, then its texts."""
    facts = [f"- {fact.attribute}: {fact.value}" for fact in product_facts(product) if fact.attribute != "title"]
    texts = [product.supplier_text or "", *copy]
    return "\n".join([product.title, *facts, *(text.strip() for text in texts if text.strip())])


def write_texts(path: Path, texts: Iterable[str]) -> None:
    """Store texts as JSON Lines; the file appears when it is whole."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("w") as file:
        file.writelines(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    unfinished.replace(path)


def read_texts(path: Path) -> list[str]:
    """The texts of a file of :func:`write_texts`.

    Raises:
        ConfigurationError: naming file and line, when it is not there or not whole.
    """
    try:
        with path.open() as file:
            return [_text(path, number, line) for number, line in enumerate(file, start=1)]
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}; write the texts anew") from None


def _text(path: Path, number: int, line: str) -> str:
    try:
        return str(json.loads(line)["text"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path}:{number}: holds no text: {error!r}; write them anew") from None


class TextSet:
    """Texts as a Trainer reads them, in blocks of ``size`` tokens: the same in every epoch.

    It is read as :class:`training.dataset.ExampleSet` is: position ``epoch * len(self) + index``.

    Raises:
        TrainingFailed: as :func:`packed` does.
    """

    def __init__(self, texts: Iterable[str], tokenizer: Any, size: int) -> None:
        self._blocks = packed(texts, tokenizer, size)
        self.left_out = 0

    def __len__(self) -> int:
        return len(self._blocks)

    def __getitem__(self, position: int) -> Tokens:
        return self._blocks[position % len(self)]

    def __iter__(self) -> Iterator[Tokens]:
        return iter(self._blocks)

    @property
    def lengths(self) -> list[int]:
        """Tokens of each block."""
        return [len(each["input_ids"]) for each in self._blocks]


def text_sets(run: RunDirectory, options: TrainOptions, tokenizer: Any, max_tokens: int) -> tuple[TextSet, TextSet]:
    """The texts of a run's directory that are learnt, and those held out, of which a part is enough to tell the loss.

    Raises:
        TrainingFailed: when one of both is empty.
    """
    train = TextSet(read_texts(run.train_file), tokenizer, max_tokens)
    held_out = TextSet(read_texts(run.held_out_file)[: options.held_out_limit], tokenizer, max_tokens)
    return train, held_out


def packed(texts: Iterable[str], tokenizer: Any, size: int) -> list[Tokens]:
    """The tokens of all texts one after the other, in blocks of ``size``; the rest that fills no block is left out.

    Each text ends with the tokenizer's end of text. Fewer tokens than one block make one short block.

    Raises:
        TrainingFailed: when there is no token at all, or the tokenizer has none that ends a text.
    """
    if tokenizer.eos_token_id is None:
        raise TrainingFailed("the tokenizer has no token that ends a text: use another base model")
    tokens = list(_tokens(texts, tokenizer))
    if not tokens:
        raise TrainingFailed("there is no text to learn from: name a catalogue file with products")
    whole = [tokens[at : at + size] for at in range(0, len(tokens) - size + 1, size)] or [tokens]
    return [{"input_ids": block, "labels": list(block)} for block in whole]


def _tokens(texts: Iterable[str], tokenizer: Any) -> Iterator[int]:
    for text in texts:
        yield from tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        yield tokenizer.eos_token_id
