"""The errors Shelftalk raises. Each message says what is wrong, where, and what to do.

ShelftalkError
├── ConfigurationError      a setting or a service is not as it must be; the process stops at start
├── InvalidEvent            a message that will never be right; it becomes a dead letter
├── TransientError          trying again later may work; the generation goes back to pending
│   ├── GenerationTimeout   the engine did not answer within the request's deadline
│   ├── EngineStopped       the engine is shutting down
│   └── EngineFault         the model's runtime failed on this batch
├── PermanentError          trying again cannot work; the generation becomes a dead letter
│   └── PromptTooLong       the prompt does not fit into the model's context
└── TrainingFailed          a training run ended without a model; the run records the reason
"""

MAX_FIELD_CHARACTERS = 200


class ShelftalkError(Exception):
    """The root of everything that Shelftalk raises on purpose."""


class ConfigurationError(ShelftalkError):
    """A setting, a server or a file is not as it must be. The message names the fix."""


class InvalidEvent(ShelftalkError):
    """A message that is not an event. ``field`` names the place inside it, for example ``data.attributes.weight``."""

    def __init__(self, reason: str, field: str = "") -> None:
        # A name inside a message may be as long as the message.
        self.field = field if len(field) <= MAX_FIELD_CHARACTERS else f"{field[:MAX_FIELD_CHARACTERS]}…"
        super().__init__(f"{self.field}: {reason}" if field else reason)
        self.reason = reason


class TransientError(ShelftalkError):
    """Trying again later may work."""


class GenerationTimeout(TransientError):
    """The engine did not answer within the request's deadline."""


class EngineStopped(TransientError):
    """The engine is shutting down and takes no requests."""


class EngineFault(TransientError):
    """The model's runtime failed while it worked on this request."""


class PermanentError(ShelftalkError):
    """Trying again cannot work."""


class PromptTooLong(PermanentError):
    """The prompt and the longest allowed answer do not fit into the model's context."""


class TrainingFailed(ShelftalkError):
    """A training run ended without a model. The message is the reason that the run records, with the fix."""
