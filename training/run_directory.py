"""The directory of a training run: everything that one run reads and writes.

    options.json               what it was started with
    data.json                  what it was taught on, in numbers
    examples.train.jsonl       the examples, and those held out
    examples.held_out.jsonl
    checkpoints/               where it goes on after a kill
    log.jsonl                  one line for each log entry of the Trainer
    tensorboard/
    adapter/                   the result; its manifest.json makes it a finished one

The result is made in a folder beside its place and moved there whole, so that a run which was killed at any moment is
never taken for a finished one.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.adapters import weights_digest
from shared.checkpoints import MANIFEST, BaseModel, file_digest, read_manifest
from shared.errors import ConfigurationError
from shared.prompts import prompt_version
from training.loss_plot import plot_losses
from training.model_card import CARD, PLOT, model_card
from training.weights import save_weights


@dataclass(frozen=True)
class TrainingData:
    """What a run was taught on, for its model card.

    ``digest`` is that of the data snapshot; ``sources`` has the number of pairs and the licence of each data set, and
    ``refused`` how often the firewall refused a pair, by its reason.
    """

    digest: str = ""
    train: int = 0
    held_out: int = 0
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RunDirectory:
    """A training run on disk. Nothing is made before :meth:`open`."""

    path: Path

    @property
    def options_file(self) -> Path:
        """What the run was started with, as JSON."""
        return self.path / "options.json"

    @property
    def data_file(self) -> Path:
        """The numbers of :class:`TrainingData`, as JSON."""
        return self.path / "data.json"

    @property
    def train_file(self) -> Path:
        """The examples that are learnt, as JSON Lines."""
        return self.path / "examples.train.jsonl"

    @property
    def held_out_file(self) -> Path:
        """The examples of the held-out families, as JSON Lines."""
        return self.path / "examples.held_out.jsonl"

    @property
    def checkpoints(self) -> Path:
        """Where the Trainer keeps its checkpoints."""
        return self.path / "checkpoints"

    @property
    def log_file(self) -> Path:
        """The Trainer's log entries, as JSON Lines."""
        return self.path / "log.jsonl"

    @property
    def tensorboard(self) -> Path:
        """Where TensorBoard finds its events."""
        return self.path / "tensorboard"

    @property
    def adapter(self) -> Path:
        """The result in Hugging Face layout; it is there once the run is finished."""
        return self.path / "adapter"

    @property
    def is_finished(self) -> bool:
        """Whether the run has come to its end: the manifest is the last thing that it writes."""
        return (self.adapter / MANIFEST).is_file()

    def open(self, options: Mapping[str, Any]) -> None:
        """Make the directory, or go on in it. ``options`` are what the run is started with, as JSON holds them.

        Raises:
            ConfigurationError: when it is the directory of another run, or of none.
        """
        given = json.loads(json.dumps(dict(options)))
        is_begun = self.options_file.is_file()
        if is_begun:
            self._check_options(given)
        elif self.path.exists() and any(self.path.iterdir()):
            raise ConfigurationError(
                f"{self.path}: holds files but no {self.options_file.name}, so it is not a run's; name a new directory"
            )
        self.path.mkdir(parents=True, exist_ok=True)
        for folder in (self.checkpoints, self.tensorboard):
            folder.mkdir(exist_ok=True)
        if not is_begun:
            _write_json(self.options_file, given)

    def _check_options(self, given: Mapping[str, Any]) -> None:
        held = _read_json(self.options_file)
        other = sorted(name for name in {*held, *given} if held.get(name) != given.get(name))
        if other:
            said = ", ".join(
                f"{name} {json.dumps(held.get(name))}, not {json.dumps(given.get(name))}" for name in other
            )
            raise ConfigurationError(
                f"{self.path}: holds a run with other options ({said}); name a new directory, or give the same options "
                "to go on with that run"
            )

    def describe_data(self, data: TrainingData) -> None:
        """Record what the run is taught on."""
        _write_json(self.data_file, asdict(data))

    @property
    def data(self) -> TrainingData:
        """What the run is taught on; all zero when nobody has recorded it."""
        return TrainingData(**_read_json(self.data_file)) if self.data_file.is_file() else TrainingData()

    def log(self, entry: Mapping[str, Any]) -> None:
        """Add one entry to the log; its values are numbers and texts."""
        is_cut = self.log_file.is_file() and not self.log_file.read_bytes().endswith(b"\n")
        with self.log_file.open("a") as file:
            file.write("\n" * is_cut + json.dumps(dict(entry)) + "\n")

    def read_log(self) -> list[dict[str, Any]]:
        """The log's entries in order, without a line that a kill cut off."""
        lines = self.log_file.read_text().split("\n") if self.log_file.is_file() else []
        return [json.loads(line) for line in lines if line.endswith("}")]

    def finish(
        self,
        model: Any,
        tokenizer: Any,
        *,
        base: BaseModel,
        metrics: Mapping[str, Any],
        start: Path | None = None,
    ) -> Path:
        """Write the result: weights, tokenizer, configuration, loss curves, model card, and last of all the manifest.

        ``model`` is a PeftModel, or the whole model after full fine-tuning; ``start`` is the adapter that training
        began with, if it was no fresh one. A result that was there before is replaced.

        Returns:
            its folder.

        Raises:
            TrainingFailed: when a weight is not finite.
        """
        folder = _beside(self.adapter)
        folder.mkdir()
        weights = save_weights(model, tokenizer, folder, base_name=base.name)
        now = datetime.now(UTC)
        options = _read_json(self.options_file)
        taught = options.get("stage") != "domain"  # what has only read a catalogue still needs the examples
        document = {
            "name": f"{_short(base.name)}-{now:%Y-%m-%d}-{file_digest(weights)[:6]}",
            "created": now.isoformat(timespec="seconds"),
            "base": {"name": base.name, "digest": base.digest, "weights_digest": weights_digest(base.path)},
            "prompt_version": prompt_version(taught),
            "taught": taught,
            "start": read_manifest(start)["name"] if start else None,
            "data": asdict(self.data),
            "options": options,
            "metrics": dict(metrics),
        }
        plot_losses(self.read_log(), folder / PLOT)
        _describe(folder, document)
        _put(folder, self.adapter)
        return self.adapter

    def add_report(self, report: Mapping[str, Any], contestant: str) -> None:
        """Take the metrics of an evaluation's report into the finished result: see :func:`add_report`."""
        add_report(self.adapter, report, contestant)


def add_report(adapter: Path, report: Mapping[str, Any], contestant: str) -> None:
    """Take the metrics of an evaluation's report into the manifest and the model card of a finished adapter.

    ``contestant`` is the name that the adapter has in the report.

    Raises:
        ConfigurationError: when the adapter is not finished, or the report does not name the contestant.
    """
    document = read_manifest(adapter)
    measured = {name: each["metrics"] for name, each in report["contestants"].items()}
    if contestant not in measured:
        raise ConfigurationError(f"the report is about {', '.join(measured)} and not {contestant}: name one of these")
    document["metrics"] |= measured[contestant]
    document["report"] = {"file": Path(report["file"]).name, "rows": report["rows"], "contestants": measured}
    folder = _beside(adapter)
    shutil.copytree(adapter, folder)
    _describe(folder, document)
    _put(folder, adapter)


def _describe(folder: Path, document: Mapping[str, Any]) -> None:
    """Write the model card, then the manifest over all files of the folder."""
    (folder / CARD).write_text(model_card(document))
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": file_digest(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    told = {name: each for name, each in document.items() if name != "files"}
    _write_json(folder / MANIFEST, told | {"files": files})


def _beside(adapter: Path) -> Path:
    """An unused place for a folder that is to become this one."""
    folder = adapter.with_name(f".{adapter.name}.unfinished")
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def _put(folder: Path, adapter: Path) -> None:
    """Move a whole folder to its place."""
    if adapter.exists():
        shutil.rmtree(adapter)
    folder.rename(adapter)


def _short(base_name: str) -> str:
    """The name of a base without its owner and what most bases are: ``smollm2-135m``."""
    name = re.sub(r"[^a-z0-9.]+", "-", base_name.rpartition("/")[2].lower()).strip("-.")
    return name.removesuffix("-instruct") or "model"


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Replace a file as a whole: a kill leaves the one before."""
    beside = path.with_name(f".{path.name}.unfinished")
    beside.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    beside.replace(path)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}; remove the run's directory to start anew") from None
