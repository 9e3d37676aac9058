"""The comparison as a picture. matplotlib is imported when one is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

OWN, OTHER, LIMIT = "#1b6e5a", "#9aa5b1", "#b3402a"
OURS = ("ours", "engine")


def draw(found: Mapping[str, Any], file: Path) -> None:
    """A bar for each contestant, in descriptions a second, and the roofline as a line; the format is the suffix's."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = [each for each in found["contestants"] if "descriptions_per_s" in each]
    figure = Figure(figsize=(9, 1.6 + 0.42 * len(shown)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    bars = axes.barh(
        [each["label"] for each in shown],
        [each["descriptions_per_s"] for each in shown],
        color=[OWN if each["name"] in OURS else OTHER for each in shown],
    )
    axes.bar_label(bars, fmt="%.2f", padding=4)
    axes.invert_yaxis()
    if limit := found["roofline"]:
        rate = limit["descriptions_per_s"]
        axes.axvline(rate, color=LIMIT, linestyle="--")
        place = ("data", "axes fraction")
        axes.annotate(f"roofline {rate:.1f}", (rate, 1), xycoords=place, ha="right", va="bottom", color=LIMIT)
    axes.margins(x=0.12)
    axes.set_xlabel(f"descriptions per second, at most {found['new_tokens']} new tokens each")
    hardware = found["machine"]["gpu"] or f"{found['machine']['cpu']}, {found['machine']['cores']} cores"
    axes.set_title(f"{found['model']} on {hardware}", loc="left", pad=18)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, dpi=150)
