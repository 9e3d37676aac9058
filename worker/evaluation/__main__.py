"""``python -m worker.evaluation NAME OPTIONS``: what those ``shelftalk eval`` commands become that need a model."""

from __future__ import annotations

import sys

from shared import logs
from shared.errors import ShelftalkError
from shared.evaluation.options import FactsOptions, MetamorphicOptions, ModelsOptions, Options
from shared.settings import Settings, settings
from worker.evaluation import facts, injections, metamorphic, side_by_side
from worker.evaluation.contestants import champion_model, contestants_of
from worker.evaluation.models import base_model

EXIT_INTERRUPTED = 130


def main(name: str, options: str) -> int:
    """Measure as the options say, which are one JSON object. Returns the exit status."""
    logs.configure()
    config = settings()
    if name == "models":
        return _models(ModelsOptions.model_validate_json(options), config)
    if name == "facts":
        return facts.run(FactsOptions.model_validate_json(options), config, champion_model(config), base_model(config))
    if name == "injection":
        return injections.run(Options.model_validate_json(options), config, base_model(config))
    greedy = config.model_copy(update={"temperature": 0, "candidates": 1})
    return metamorphic.run(MetamorphicOptions.model_validate_json(options), greedy, base_model(greedy))


def _models(options: ModelsOptions, config: Settings) -> int:
    asked = {"candidates": options.candidates, "second_try": options.second_try}
    config = config.model_copy(update={name: value for name, value in asked.items() if value is not None})
    return side_by_side.run(options, config, contestants_of(options, config))


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except ShelftalkError as error:
        sys.exit(f"shelftalk: {error}")
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
