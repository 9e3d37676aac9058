from __future__ import annotations

from pathlib import Path

from training.loss_plot import curve, plot_losses

LOG = [
    {"step": 10, "loss": 2.0},
    {"step": 20, "loss": 1.5},
    {"step": 20, "eval_loss": 1.6},
    {"step": 20, "loss": 1.4},
    {"train_runtime": 3.0},
]


def test_of_a_step_that_was_logged_twice_the_later_loss_counts() -> None:
    assert curve(LOG, "loss") == ([10, 20], [2.0, 1.4])
    assert curve(LOG, "eval_loss") == ([20], [1.6])


def test_equal_logs_make_an_equal_picture(tmp_path: Path) -> None:
    plot_losses(LOG, tmp_path / "one.png")
    plot_losses(LOG, tmp_path / "two.png")
    plot_losses(LOG[:1], tmp_path / "three.png")
    pictures = [(tmp_path / f"{name}.png").read_bytes() for name in ("one", "two", "three")]
    assert pictures[0].startswith(b"\x89PNG")
    assert pictures[0] == pictures[1] != pictures[2]


def test_an_empty_log_makes_an_empty_picture(tmp_path: Path) -> None:
    plot_losses([], tmp_path / "loss.png")
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
