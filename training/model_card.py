"""The model card of a finished run: README.md in the form that Hugging Face reads.

Everything in it comes from the run's manifest, so that it can be written again when the run has been evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

CARD = "README.md"
PLOT = "loss.png"

_HUB_NAMES = {"smollm2-135m-instruct": "HuggingFaceTB/SmolLM2-135M-Instruct"}
_LICENCE = "apache-2.0"
_TASK = "text-generation"
_RECIPE = (
    "stage", "method", "rank", "alpha", "dropout", "learning_rate", "scheduler", "warmup_ratio", "weight_decay",
    "optimizer", "label_smoothing", "epochs", "max_steps", "batch_size", "gradient_accumulation", "max_tokens",
    "precision", "augment", "seed",
)  # fmt: skip


def model_card(document: Mapping[str, Any]) -> str:
    """The card of a run whose manifest holds ``document``: YAML front matter, then sections for people."""
    sections = (
        _purpose(document),
        _data(document["data"]),
        _recipe(document),
        _metrics(document),
        _LIMITS,
    )
    return f"---\n{_front_matter(document)}\n---\n\n# {document['name']}\n\n" + "\n\n".join(sections) + "\n"


def _front_matter(document: Mapping[str, Any]) -> str:
    from huggingface_hub import EvalResult, ModelCardData

    data = document["data"]
    results = [
        EvalResult(
            task_type=_TASK,
            dataset_type="catalogue",
            dataset_name=_dataset(document),
            dataset_args={"rows": (document.get("report") or {}).get("rows", data["held_out"])},
            metric_type=name,
            metric_value=_value(measured),
            metric_name=name,
        )
        for name, measured in sorted(document["metrics"].items())
        if _value(measured) is not None
    ]
    base = document["base"]["name"]
    card = ModelCardData(
        base_model=_HUB_NAMES.get(base, base),
        license=_LICENCE,
        language="en",
        library_name="peft" if _is_adapter(document) else "transformers",
        pipeline_tag=_TASK,
        tags=["shelftalk", "product-descriptions", "data-to-text", document["options"].get("method", "lora")],
        model_name=document["name"],
        eval_results=results or None,
    )
    return str(card.to_yaml()).strip()


def _is_adapter(document: Mapping[str, Any]) -> bool:
    return bool(document["options"].get("method") != "full")


def _dataset(document: Mapping[str, Any]) -> str:
    return (document.get("report") or {}).get("file") or "held-out product families"


def _value(measured: Any) -> float | None:
    """A measured number; with an interval it is ``{"value", "low", "high"}``."""
    value = measured.get("value") if isinstance(measured, Mapping) else measured
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _purpose(document: Mapping[str, Any]) -> str:
    kind = "A PEFT adapter for" if _is_adapter(document) else "A fine-tuned copy of"
    return (
        f"{kind} `{document['base']['name']}` that writes product descriptions from attributes and states nothing "
        "else.\n\n## What it is for\n\n"
        "It is the model of a Shelftalk service. Ask it by `shared.prompts.description_prompt` "
        f"with `taught={document['taught']}` (prompt version {document['prompt_version']}) and decode greedily. The "
        "service checks each answer against the product's facts before it publishes one: use the model with that check."
    )


def _data(data: Mapping[str, Any]) -> str:
    lines = [
        f"## Data\n\n{data['train']:,} pairs were learnt, {data['held_out']:,} pairs of other product families were "
        f"held out, and no training saw those. Snapshot: `{data['digest'] or 'none'}`."
    ]
    if data["sources"]:
        rows = [(name, f"{each['rows']:,}", each.get("licence", "–")) for name, each in sorted(data["sources"].items())]
        lines.append(_table(("source", "pairs", "licence"), rows))
    if data["refused"]:
        refused = sorted(data["refused"].items(), key=lambda each: (-each[1], each[0]))
        lines.append("The firewall refused what the attributes do not bear out:")
        lines.append(_table(("reason", "pairs"), [(reason, f"{count:,}") for reason, count in refused]))
    return "\n\n".join(lines)


def _recipe(document: Mapping[str, Any]) -> str:
    options = document["options"]
    rows = [(name, f"`{_plain(options[name])}`") for name in _RECIPE if options.get(name) is not None]
    start = f"It began with the adapter `{document['start']}`.\n\n" if document.get("start") else ""
    return f"## Recipe\n\n{start}{_table(('option', 'value'), rows)}\n\n![Training and held-out loss]({PLOT})"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return str(value)


def _metrics(document: Mapping[str, Any]) -> str:
    report = document.get("report")
    if not report:
        rows = [(name, _number(measured)) for name, measured in sorted(document["metrics"].items())]
        return "## Metrics\n\n" + (_table(("metric", "value"), rows) if rows else "Not evaluated yet.")
    contestants = report["contestants"]
    names = sorted({metric for measured in contestants.values() for metric in measured})
    rows = [(name, *(_number(measured.get(name)) for measured in contestants.values())) for name in names]
    return (
        f"## Metrics\n\n{report['rows']} products of `{report['file']}`; in brackets 95% bootstrap intervals.\n\n"
        + _table(("metric", *contestants), rows)
    )


def _number(measured: Any) -> str:
    value = _value(measured)
    if value is None:
        return "–"
    if isinstance(measured, Mapping) and _value(measured.get("low")) is not None:
        return f"{value:.4g} [{measured['low']:.4g}, {measured['high']:.4g}]"
    return f"{value:.4g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


_LIMITS = """## Limits

- It knows the products it was taught on: English copy of one to three plain sentences. Other languages, long copy and
  attributes of other trades are the base model's.
- It may leave out attributes, most of all when there are more than a dozen, and it may err in agreement ("a 8 GB").
- It is small. It can state what no attribute holds: the fact check of the service finds that and refuses such copy.
- Prices, safety, health and legal claims are no business of a language model. Have a person write them."""
