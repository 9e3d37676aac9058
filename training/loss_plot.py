"""The loss curves of a run, as a picture for its model card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

_CURVES = (("loss", "training", "#9db4c8"), ("eval_loss", "held out", "#c0392b"))


def curve(log: Iterable[Mapping[str, Any]], measure: str) -> tuple[list[float], list[float]]:
    """The steps and values of one measure of a log, in order.

    A run that was resumed has logged some steps twice: what came later counts.
    """
    found = {float(entry["step"]): float(entry[measure]) for entry in log if measure in entry and "step" in entry}
    steps = sorted(found)
    return steps, [found[step] for step in steps]


def plot_losses(log: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Draw the loss per token on training and held-out examples against the optimiser's steps, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), dpi=110, layout="constrained")
    axes = figure.subplots()
    for measure, label, colour in _CURVES:
        steps, values = curve(log, measure)
        if steps:
            marker = "o" if measure == "eval_loss" or len(steps) == 1 else None
            axes.plot(steps, values, label=label, color=colour, marker=marker, markersize=4, linewidth=1.8)
    axes.set(xlabel="optimiser step", ylabel="cross-entropy per token (nats)", title="Loss")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.lines:
        axes.legend(frameon=False)
    # Without the version of matplotlib in it, equal curves make an equal file.
    figure.savefig(file, format="png", metadata={"Software": None})
