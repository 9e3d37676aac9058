"""The texts of the contestants: those of models, kept as they come, and those of the trivial template."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from shared.cli.terminal import Bar, progress
from shared.errors import ConfigurationError
from shared.events import Product
from shared.facts import value_text
from shared.prompts import Prompt
from worker.cleaning import clean
from worker.drafting import Brief
from worker.engine import Generated
from worker.evaluation.models import Contestants, Model, written
from worker.pipeline import Writer, describe


@dataclass(frozen=True)
class Text:
    """A text in its final form; ``confidence`` is the model's over its ``tokens``, and ``refusal`` says that it
    declined. ``first`` is the model's first answer, cleaned but not repaired; None where no model was asked."""

    text: str
    confidence: float = 1.0
    refusal: bool = False
    first: str | None = None
    tokens: int = 0


def template_text(product: Product) -> str:
    """``{title} by {brand}. {attribute}: {value}. …``, with all attributes in their order and nothing mended."""
    name = f"{product.title} by {product.brand}" if product.brand else product.title
    stated = (f"{attribute}: {value_text(value)}" for attribute, value in product.attributes.items())
    return " ".join(f"{part}." for part in (name, *stated))


class TextFile:
    """The texts that were written so far, one JSON object a line, so that an interrupted run goes on where it stopped.

    A text is found again when product, plan, profile and model are the same. Without a path they are kept in memory.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._found: dict[str, Text] = {}
        if path is None:
            return
        try:
            path.touch()
            lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
            if lines[-1]:  # what an interrupted run left of its last line must not spoil the next one
                self._append("")
        except OSError as error:
            raise ConfigurationError(f"{path}: cannot be written: {error.strerror}; name another file") from None
        self._found = dict(filter(None, map(_kept, lines)))

    def get(self, key: str) -> Text | None:
        """The text that was kept under a key."""
        return self._found.get(key)

    def keep(self, key: str, contestant: str, brief: Brief, text: Text) -> None:
        """Keep a text, at once."""
        if key in self._found:
            return
        self._found[key] = text
        row = {"key": key, "contestant": contestant, "sku": brief.product.sku, **asdict(text)}
        self._append(json.dumps(row, ensure_ascii=False))

    def _append(self, line: str) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")


def _kept(line: str) -> tuple[str, Text] | None:
    """A kept text with its key; None for what is no whole line, which is written anew."""
    try:
        row = json.loads(line)
        first = None if row["first"] is None else str(row["first"])
        text = Text(str(row["text"]), float(row["confidence"]), bool(row["refusal"]), first, int(row["tokens"]))
        return str(row["key"]), text
    except (ValueError, KeyError, TypeError):
        return None


def text_key(brief: Brief, writer: str) -> str:
    """A digest of all that a text depends on; ``writer`` names who writes it."""
    product = brief.product.model_dump(mode="json", exclude={"version", "source"})
    content = [writer, product, brief.profile.name, brief.profile.version, brief.plan.document()]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()[:32]


def all_texts(
    contestants: Contestants, briefs: Mapping[int, Brief], kept: TextFile, threads: int
) -> tuple[dict[str, dict[int, Text]], dict[int, str]]:
    """The texts of each contestant, by line, and why a line is left out: what one has not written none is asked for.

    One model is loaded at a time. Two contestants that write the same write it once.
    """
    found: dict[str, dict[int, Text]] = {}
    failures: dict[int, str] = {}
    for name, model in contestants.items():
        left = {line: brief for line, brief in briefs.items() if line not in failures}
        if model is None:
            found[name] = template_texts(left, kept)
            continue
        with progress(f"{name} writes") as bar:
            found[name], reasons = model_texts(model, name, left, kept, threads, bar)
        failures |= {line: f"{name}: {reason}" for line, reason in reasons.items()}
    return {
        name: {line: texts[line] for line in briefs if line not in failures} for name, texts in found.items()
    }, failures


def model_texts(
    model: Model, contestant: str, briefs: Mapping[int, Brief], kept: TextFile, threads: int, bar: Bar
) -> tuple[dict[int, Text], dict[int, str]]:
    """The texts of a model, by line, and why a line has none. What was kept before is not written again."""
    keys = {line: text_key(brief, model.digest) for line, brief in briefs.items()}
    open_lines = {line: brief for line, brief in briefs.items() if kept.get(keys[line]) is None}
    failures: dict[int, str] = {}
    if open_lines:
        bar(0, len(open_lines), f"loading {model.name}")
        with model.open() as engine:
            for done, (line, text) in enumerate(written(open_lines, engine, threads, _text_of), start=1):
                if isinstance(text, Text):
                    kept.keep(keys[line], contestant, briefs[line], text)
                else:
                    failures[line] = str(text)
                bar(done, len(open_lines))
    found = {line: kept.get(key) for line, key in keys.items()}
    return {line: text for line, text in found.items() if text is not None}, failures


class _Witness:
    """A writer that remembers the first answer to one description, and the prompt that it answers."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.model = writer.model
        self.first: tuple[Prompt, Generated] | None = None

    def generate(
        self, prompt: Prompt, *, max_new_tokens: int, candidates: int = 1, alone: bool = False, urgent: bool = True
    ) -> list[Generated]:
        """Answer as the writer does."""
        answers = self._writer.generate(prompt, max_new_tokens=max_new_tokens, candidates=candidates, alone=alone)
        self.first = self.first or (prompt, answers[0])
        return answers


def _text_of(brief: Brief, engine: Writer) -> Text:
    """What the whole pipeline makes of a brief, beside the first answer of the model."""
    witness = _Witness(engine)
    draft = describe(brief, witness).draft
    first = None if witness.first is None else _cleaned(brief, *witness.first)
    return Text(draft.text, draft.scores.confidence, draft.scores.refusal, first, draft.generated.new_tokens)


def _cleaned(brief: Brief, prompt: Prompt, answer: Generated) -> str:
    profile = brief.profile
    return clean(
        answer.text,
        title=brief.title,
        brand=brief.product.brand,
        prompt=prompt,
        locale=profile.locale,
        min_words=profile.min_words,
        max_words=profile.max_words,
        complete=answer.complete,
    ).text


def template_texts(briefs: Mapping[int, Brief], kept: TextFile) -> dict[int, Text]:
    """The texts of the trivial template, by line."""
    found: dict[int, Text] = {}
    for line, brief in briefs.items():
        found[line] = Text(template_text(brief.product))
        kept.keep(text_key(brief, "template"), "template", brief, found[line])
    return found
