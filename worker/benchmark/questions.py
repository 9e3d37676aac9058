"""``python -m worker.benchmark.questions FOLDER OPTIONS``: the model and the prompts that all contestants share."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from shared import checkpoints
from shared.adapters import Adapter, finished_adapters, fits, read_adapter
from shared.benchmarks.peers import PeersOptions
from shared.checkpoints import BaseModel
from shared.content.planning import is_thin
from shared.errors import ConfigurationError
from shared.events import Product, product_changed
from shared.policy import read_policy
from shared.prompts import as_text, description_prompt, is_taught
from shared.settings import Settings, settings
from worker.benchmark import machine
from worker.benchmark.contestant import Question, Setup, write_questions
from worker.evaluation.catalogue import read_catalogue

PROFILE = "benchmark"
SOURCE = "benchmark"
WARM_UP = 16
CPU_PRODUCTS, GPU_PRODUCTS = 400, 2_000

QUESTIONS, WARM_UP_QUESTIONS, SETUP = "questions.jsonl", "warm-up.jsonl", "setup.json"


def write(folder: Path, options: PeersOptions, config: Settings) -> None:
    """Write the merged model, the questions and what the machine is like into a folder, for the contestants.

    Raises:
        ConfigurationError: when the model, the adapter or the products are not to be had.
    """
    import transformers

    base = checkpoints.resolve_base_model(config)
    adapter = _adapter(base, config) if options.model == "adapter" else None
    model = folder / "model" if adapter else base.path
    if adapter:
        _merge(base, adapter, model)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(model)
    found = machine.describe(config)
    count = options.limit or (GPU_PRODUCTS if found["gpu"] else CPU_PRODUCTS)
    taught = adapter is not None and is_taught(adapter.prompt_version)
    questions = _questions(options.products, config, tokenizer, taught, count + WARM_UP)
    if len(questions) <= WARM_UP:
        raise ConfigurationError(
            f"{options.products}: holds {len(questions)} products that a model is asked about, and the benchmark needs "
            f"more than the {WARM_UP} that warm it up"
        )
    write_questions(folder / QUESTIONS, questions[:-WARM_UP])
    write_questions(folder / WARM_UP_QUESTIONS, questions[-WARM_UP:])
    setup = {
        "model": str(model),
        "ends": _ends(model, tokenizer),
        "new_tokens": options.new_tokens,
        "llama_server": options.llama_server and str(options.llama_server),
        "name": adapter.name if adapter else base.name,
        "machine": found,
    }
    (folder / SETUP).write_text(json.dumps(setup))


def read_setup(folder: Path, config: Settings) -> Setup:
    """What was written for the contestants."""
    found = json.loads((folder / SETUP).read_text())
    server = found["llama_server"]
    return Setup(
        config,
        folder,
        model=Path(found["model"]),
        ends=tuple(found["ends"]),
        new_tokens=found["new_tokens"],
        threads=found["machine"]["torch_threads"],
        on_gpu=found["machine"]["gpu"] is not None,
        llama_server=Path(server) if server else None,
    )


def _adapter(base: BaseModel, config: Settings) -> Adapter:
    for adapter in finished_adapters(config.adapters_dir):
        if fits(adapter, base):
            return read_adapter(adapter.path)
    raise ConfigurationError(f"{config.adapters_dir}: holds no adapter for {base.name}; measure it with --model base")


def _merge(base: BaseModel, adapter: Adapter, target: Path) -> None:
    """Write the whole model that an adapter makes of its base, for those who know nothing of adapters."""
    import torch
    import transformers

    from worker.merging import merged

    if adapter.is_whole_model:
        target.symlink_to(adapter.path.absolute())
        return
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(base.path, dtype=torch.float32)
    merged(model, adapter).save_pretrained(target)
    transformers.AutoTokenizer.from_pretrained(adapter.path).save_pretrained(target)


def _ends(model: Path, tokenizer: Any) -> list[int]:
    """The tokens that end an answer: those that the model's folder names, and the tokenizer's."""
    import transformers

    configured = transformers.GenerationConfig.from_pretrained(model).eos_token_id
    ends = {tokenizer.eos_token_id, *(configured if isinstance(configured, list) else [configured])}
    return sorted(token for token in ends if token is not None)


def _questions(file: Path, config: Settings, tokenizer: Any, taught: bool, count: int) -> list[Question]:
    """Questions about the first products of a file that say enough for a model to be asked."""
    policy = read_policy(config)
    profile = policy.profiles[PROFILE].on(datetime.now(ZoneInfo(config.time_zone)).date())
    found: list[Question] = []
    for product in _products(file):
        plan = policy.plan(product, profile)
        if is_thin(plan):
            continue
        prompt = description_prompt(plan.facts, profile, taught=taught)
        text = as_text(prompt.messages, tokenizer, answer_follows=True)
        tokens = tuple(tokenizer(text, add_special_tokens=False)["input_ids"])
        row = product.model_dump(mode="json", exclude={"version", "source"}, exclude_none=True)
        found.append(Question(product_changed(row, source=SOURCE, version=1), prompt, text, tokens))
        if len(found) == count:
            break
    return found


def _products(file: Path) -> Iterator[Product]:
    rows, _ = read_catalogue(file)
    by_sku = {row.product.sku: row.product for row in rows}
    for product in by_sku.values():
        yield product.model_copy(update={"profiles": [PROFILE], "segments": None})


def main(folder: str, options: str) -> None:
    """Write the folder as the options say, which are one JSON object."""
    write(Path(folder), PeersOptions.model_validate_json(options), settings())


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except ConfigurationError as error:
        sys.exit(str(error))
