"""``python -m worker.evaluation NAME OPTIONS``: what those ``shelftalk eval`` commands become that need a model."""

from __future__ import annotations

import sys

from shared import logs
from shared.errors import ShelftalkError
from shared.evaluation.options import FactsOptions, MetamorphicOptions, Options
from shared.settings import settings
from worker.evaluation import facts, injections, metamorphic
from worker.evaluation.models import base_model

EXIT_INTERRUPTED = 130


def main(name: str, options: str) -> int:
    """Measure as the options say, which are one JSON object. Returns the exit status."""
    logs.configure()
    if name == "facts":
        config = settings()
        return facts.run(FactsOptions.model_validate_json(options), config, base_model(config))
    if name == "injection":
        config = settings()
        return injections.run(Options.model_validate_json(options), config, base_model(config))
    config = settings().model_copy(update={"temperature": 0, "candidates": 1})
    return metamorphic.run(MetamorphicOptions.model_validate_json(options), config, base_model(config))


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except ShelftalkError as error:
        sys.exit(f"shelftalk: {error}")
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
