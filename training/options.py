"""The options of a training run, and the recipes (TOML files) that hold them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.errors import ConfigurationError

RECIPES = Path(__file__).parent / "recipes"
DEFAULT_RECIPE = RECIPES / "default.toml"

Method = Literal["lora", "dora", "rslora", "adalora", "full"]


class Augmentation(BaseModel):
    """How often each kind of variation is made of a training example: probabilities, 0 for never."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attribute_order: float = Field(0.0, ge=0, le=1, description="The attributes are put in another order.")
    attribute_dropout: float = Field(0.0, ge=0, le=1, description="An attribute goes, with the sentence that needs it.")
    value_swap: float = Field(0.0, ge=0, le=1, description="A value becomes another one, in facts and text alike.")


class TrainOptions(BaseModel):
    """Everything that shapes a training run. A recipe sets some of it; the rest has these defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Literal["finetune", "domain", "preference"] = "finetune"

    method: Method = "lora"
    rank: int = Field(8, ge=1, le=512, description="The rank r of the adapter's matrices.")
    alpha: float = Field(16, gt=0, description="The adapter is scaled by alpha / r (rslora: alpha / sqrt(r)).")
    dropout: float = Field(0.0, ge=0, lt=1, description="Of the adapter's input.")

    optimizer: Literal["adamw", "adamw_8bit", "adafactor", "sgd"] = "adamw"
    learning_rate: float = Field(1e-3, gt=0, le=10, allow_inf_nan=False, description="The highest, after the warm-up.")
    scheduler: Literal["cosine", "linear", "constant"] = "cosine"
    warmup_ratio: float = Field(0.03, ge=0, lt=1, description="The share of all steps in which the rate rises from 0.")
    weight_decay: float = Field(0.0, ge=0)
    max_grad_norm: float = Field(1.0, gt=0, description="Gradients of a larger norm are scaled down to it.")
    label_smoothing: float = Field(0.0, ge=0, lt=1)

    epochs: float = Field(2, gt=0, le=1_000)
    max_steps: int | None = Field(None, ge=1, description="Stop here, even if the epochs are not over.")
    batch_size: int = Field(8, ge=1, description="Examples that one device computes at once.")
    gradient_accumulation: int = Field(1, ge=1, description="Batches whose gradients make one step.")
    gradient_checkpointing: bool = Field(False, description="Less memory; about a third more time.")
    max_tokens: int = Field(320, ge=8, description="Longer examples, prompt included, are left out and counted.")
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    length_grouped: bool = Field(True, description="Batches of examples that have about one length.")
    packing: bool = Field(False, description="Several short examples in one row; none can see another.")

    held_out_limit: int = Field(200, ge=1, description="At most so many held-out examples are evaluated.")
    eval_every: int = Field(50, ge=1, description="Steps between two evaluations on held-out examples.")
    patience: int = Field(5, ge=1, description="Stop after so many evaluations without a lower loss.")
    save_every: int = Field(100, ge=1, description="Steps between two checkpoints.")
    log_every: int = Field(5, ge=1, description="Steps between two lines of the log.")
    seed: int = Field(0, ge=0, lt=2**32)

    augment: Augmentation = Augmentation()
    report_to: tuple[Literal["tensorboard", "wandb", "mlflow"], ...] = ("tensorboard",)

    @model_validator(mode="after")
    def _consistent(self) -> TrainOptions:
        if self.method == "adalora" and self.rank < 2:
            raise ValueError("rank: AdaLoRA divides the rank among the layers; give it at least 2")
        return self


def read_recipe(path: Path = DEFAULT_RECIPE, **changes: Any) -> TrainOptions:
    """The options of a recipe, with changes; a change that is None leaves the recipe's value.

    ``augment`` may be changed in part, by a mapping.

    Raises:
        ConfigurationError: naming file, field and fault.
    """
    try:
        document = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: cannot be read as a recipe: {error}") from None
    given = {name: value for name, value in changes.items() if value is not None}
    if isinstance(augment := given.get("augment"), Mapping):
        given["augment"] = {**document.get("augment", {}), **augment}
    try:
        return TrainOptions.model_validate({**document, **given})
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'recipe'}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors(include_url=False, include_input=False)
        )
        raise ConfigurationError(f"{path}: {faults}") from None
