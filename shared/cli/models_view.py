"""How ``shelftalk models`` shows models and the decisions about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shared.cli.terminal import plain

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = ("parent_f", "bleu", "slot_error_rate", "faithfulness", "published")
ACTION_STYLES = {"promote": "green", "refuse": "red", "hold": "yellow", "rollback": "magenta"}


def models_table(models: Sequence[Mapping[str, Any]]) -> Table:
    """One row for each model."""
    from rich.table import Table

    table = Table(title="Models", title_justify="left")
    for name in ("id", "plays", "adapter", "base", "prompt"):
        table.add_column(name)
    for name in (*SHOWN, "descriptions"):
        table.add_column(name.replace("_", " "), justify="right")
    for model in models:
        names = (str(model["id"]), ", ".join(model["aliases"]), model["adapter"] or "none", model["base_model"])
        values = [_metric(model, name) for name in SHOWN]
        style = "bold" if "champion" in model["aliases"] else None
        table.add_row(*map(plain, names), model["prompt_version"], *values, str(model["descriptions"]), style=style)
    return table


def comparison_table(models: Sequence[Mapping[str, Any]]) -> Table:
    """Two models side by side, one row for each figure that either has."""
    from rich.table import Table

    table = Table(title="Side by side", title_justify="left")
    table.add_column("")
    for model in models:
        table.add_column(f"{model['id']}: {plain(model['adapter'] or model['base_model'])}", justify="right")
    named = dict.fromkeys(name for model in models for name in (model["metrics"] or {}))
    for name in named:
        table.add_row(f"measured: {plain(name)}", *(_metric(model, name) for model in models))
    for name in models[0]["record"]:
        table.add_row(f"in service: {name.replace('_', ' ')}", *(_number(model["record"][name]) for model in models))
    return table


def history_table(decisions: Sequence[Mapping[str, Any]]) -> Table:
    """One row for each decision."""
    from rich.table import Table

    table = Table(title="Decisions", title_justify="left", show_lines=True)
    for name in ("when", "what", "model", "champion then", "by", "why"):
        table.add_column(name)
    for each in decisions:
        style = ACTION_STYLES[each["action"]]
        table.add_row(
            f"{each['created_at']:%Y-%m-%d %H:%M}",
            f"[{style}]{each['action']}[/{style}]",
            str(each["model_version_id"]),
            str(each["champion_id"] or "none"),
            plain(each["actor"]),
            plain(each["reason"]),
        )
    return table


def _metric(model: Mapping[str, Any], name: str) -> str:
    """A metric as it stands in a manifest: a number, or an object with value, low and high."""
    found = (model["metrics"] or {}).get(name)
    return _number(found.get("value") if isinstance(found, Mapping) else found)


def _number(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else plain(value)
