"""Every setting of Shelftalk. This is the only module that reads the environment.

A setting is looked up in this order: the environment, a file in ``/run/secrets``, the file ``.env``, then (for the
addresses of servers only) the stack that ``shelftalk up`` left running on this machine.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shared.errors import ConfigurationError

ROOT = Path(__file__).resolve().parent.parent
SECRETS = Path("/run/secrets")
STACK_FILE = "stack.json"


def _home() -> Path:
    return Path(os.environ.get("SHELFTALK_HOME") or ROOT / ".shelftalk").absolute()


class Settings(BaseSettings):
    """All settings with their defaults. Names in the environment are in upper case with the prefix ``SHELFTALK_``."""

    model_config = SettingsConfigDict(
        env_prefix="SHELFTALK_",
        env_file=".env",
        extra="ignore",
        frozen=True,
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
    )

    # Servers. There is no default: a secret has none.
    database_url: SecretStr | None = Field(
        None, validation_alias=AliasChoices("DATABASE_URL", "SHELFTALK_DATABASE_URL")
    )
    redis_url: SecretStr | None = Field(None, validation_alias=AliasChoices("REDIS_URL", "SHELFTALK_REDIS_URL"))

    # Files
    home: Path = Field(default_factory=_home, description="State of the stack: data, logs, addresses.")
    models_dir: Path = Field(ROOT / ".shelftalk" / "models", description="Where prepared base models are kept.")
    profiles_dir: Path = Field(ROOT / "profiles", description="The copy profiles, one TOML file each.")
    adapters_dir: Path = Field(ROOT / "adapters", description="The adapters that ship with Shelftalk.")
    training_dir: Path = Field(
        default_factory=lambda: _home() / "training", description="The run directories of fine-tuning."
    )
    rules_dir: Path = Field(ROOT / "rules", description="The rule packs, one TOML file each.")
    salience_file: Path = Field(ROOT / "knowledge" / "salience.json", description="Which attributes matter.")
    time_zone: str = Field("UTC", description="By whose days campaigns begin and end, such as Europe/Berlin.")
    log_format: Literal["auto", "json", "text"] = "auto"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    # Ingest
    stream: str = "catalog:events"
    stream_group: str = "shelftalk"
    ingest_batch: int = Field(200, ge=1, le=10_000, description="Messages read and committed together.")
    ingest_claim_idle_s: float = Field(30, gt=0, description="A message read by a consumer that died is taken over.")
    stream_keep_s: float = Field(3_600, ge=0, description="Acknowledged messages stay in the stream for so long.")
    gaps_stream: str = Field("catalog:gaps", description="Where events of products that say too little are sent.")

    # Generations and leases
    max_attempts: int = Field(3, ge=1, description="The last failed attempt becomes a dead letter.")
    lease_s: float = Field(20, ge=2, description="How long a worker may be silent before its work is given to another.")
    heartbeat_s: float = Field(4, gt=0, description="How often a process says that it lives and renews its leases.")
    sweep_s: float = Field(5, gt=0, description="How often beat looks for lost and expired work.")
    backfill_s: float = Field(10, gt=0, description="How often beat looks whether a policy or a campaign changed.")
    patience_s: float = Field(20, gt=0, description="A pending generation whose message may be lost is enqueued again.")
    retry_delay_s: float = Field(5, ge=0, description="Wait before the next attempt; doubles with each.")
    inbox_keep_days: int = Field(
        90, ge=1, description="Closed events are kept in the ledger for so many days, then emptied or deleted."
    )

    # Worker and engine
    base_model: str | None = Field(None, description="A folder or a hub id of a causal language model.")
    first_champion: Literal["adapter", "base"] = Field(
        "adapter", description="What serves before anything was promoted: an adapter that ships and fits, or the base."
    )
    champion_s: float = Field(10, gt=0, description="How often a worker looks for a new champion.")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    dtype: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="What the model computes in: auto is bfloat16 on a GPU and float32 on a CPU."
    )
    threads: int = Field(128, ge=1, le=2_048, description="Descriptions in flight; each task is a thread that waits.")
    batch_tokens: int | None = Field(
        None, ge=1, description="Tokens in flight, prompts and answers; without it half of the memory that is free."
    )
    prefill_tokens: int = Field(2_048, ge=1, description="Prompt tokens that one step of the model takes in at most.")
    batch_linger_ms: float = Field(20, ge=0, le=5_000, description="How long an idle engine waits for company.")
    request_deadline_s: float = Field(600, gt=0, description="A generation is given up after this.")
    hang_s: float = Field(300, gt=0, description="A worker whose model makes no step for so long ends itself.")
    temperature: float = Field(0, ge=0, le=2, description="0 decodes greedily.")
    seed: int = 0

    candidates: int = Field(2, ge=1, le=16, description="Texts written at once for a description; the best is kept.")
    second_try: bool = Field(True, description="Ask once more, with the fault named, before a curator is asked.")

    # The gate
    publish_quality: float = Field(0.6, ge=0, le=1, description="At least this composite is published by itself.")
    reject_quality: float = Field(0.3, ge=0, le=1, description="Below this a description is rejected.")

    # Curation
    review_random_share: float = Field(
        0.05, ge=0, le=1, description="Share of the copy for review that is drawn at random, for an unbiased estimate."
    )

    # Training
    gate_mode: Literal["auto", "manual"] = Field(
        "auto", description="Whether a challenger that passes the gate is promoted at once, or waits for a person."
    )
    gate_target: Literal["parent_f", "bleu", "chrf", "quality"] = Field(
        "parent_f", description="The score in which a challenger must be better."
    )
    gate_confidence: float = Field(0.95, gt=0.5, lt=1, description="Confidence of the gate's one-sided tests.")
    gate_margin: float = Field(0.02, ge=0, le=1, description="So much less faithfulness counts as not worse.")
    gate_products: int = Field(20, ge=2, description="The fewest held-out products that can decide.")
    retrain_schedule: str = Field("0 3 * * *", description="When beat asks for a retrain, in cron's five fields.")
    retrain_min_pairs: int = Field(200, ge=1, description="The fewest new curated pairs that start a retrain.")
    retrain_recipe: Path | None = Field(None, description="A recipe file; the default recipe without one.")
    drift_schedule: str = Field("0 5 * * 1", description="When beat asks for the drift check, in cron's five fields.")
    drift_psi: float = Field(0.2, gt=0, description="A population stability index from which on there is an alert.")
    drift_retrain: bool = Field(False, description="Whether an alert of drift starts a retrain.")

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        scheme, separator, rest = value.get_secret_value().partition("://")
        if not separator or scheme not in ("postgres", "postgresql", "postgresql+psycopg"):
            raise ValueError("must be a Postgres address such as postgresql://user:password@host:5432/shelftalk")
        return SecretStr(f"postgresql+psycopg://{rest}")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ValueError(f"{value!r} is no time zone: name one such as Europe/Berlin") from None
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must be a Redis address such as redis://user:password@host:6379/0")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, file_secret_settings, dotenv_settings, _RunningStack(settings_cls)

    @property
    def database_dsn(self) -> str:
        """The address of Postgres for SQLAlchemy. Raises ConfigurationError when there is none."""
        if self.database_url is None:
            raise ConfigurationError("DATABASE_URL is not set and no stack is running: set it, or run `shelftalk up`")
        return self.database_url.get_secret_value()

    @property
    def redis_dsn(self) -> str:
        """The address of Redis. Raises ConfigurationError when there is none."""
        if self.redis_url is None:
            raise ConfigurationError("REDIS_URL is not set and no stack is running: set it, or run `shelftalk up`")
        return self.redis_url.get_secret_value()


class _RunningStack(PydanticBaseSettingsSource):
    """The addresses that a running `shelftalk up` wrote into its home."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        state = read_stack(_home())
        return {name: state[name] for name in ("DATABASE_URL", "REDIS_URL") if state.get(name)}


def read_stack(home: Path) -> dict[str, Any]:
    """What the stack that runs in this home says of itself; empty when none has been started."""
    try:
        state = json.loads((home / STACK_FILE).read_text())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once.

    Raises:
        ConfigurationError: naming each wrong setting as it stands in the environment, and what is expected.
    """
    try:
        return Settings()
    except ValidationError as error:
        complaints = "; ".join(
            f"{_environment_name(str(item['loc'][0]))}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors(include_url=False, include_input=False)
        )
        raise ConfigurationError(f"wrong configuration: {complaints}") from None


def _environment_name(name: str) -> str:
    return name if name.isupper() else f"SHELFTALK_{name.upper()}"


def let_idle_threads_sleep() -> None:
    """Make OpenMP's threads sleep soon while they wait, unless the environment says otherwise. Call it before torch
    loads.

    By default they spin. Where ingest, Postgres and others share the cores, spinning threads keep those off the very
    cores that a step waits for: a step of 16 rows took 1.7 s instead of 0.3 s on two busy cores. To be woken for each
    of a thousand small operations costs a quarter of a step, though: so they spin for less than a millisecond.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "20000")


def training_place() -> tuple[int, int]:
    """Which of how many processes this one is that train together, as ``torchrun`` says: (0, 1) for one alone."""
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


def child_environment(**changes: str) -> dict[str, str]:
    """This process's environment with changes, for the processes that it starts."""
    return os.environ | changes
