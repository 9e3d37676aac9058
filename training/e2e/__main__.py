"""``python -m training.e2e OPTIONS``: what ``shelftalk eval e2e`` becomes. OPTIONS are JSON."""

from __future__ import annotations

import sys

from shared import logs
from shared.errors import ShelftalkError
from shared.evaluation.benchmark import E2EOptions
from shared.settings import let_idle_threads_sleep, settings


def main(options: str) -> int:
    """Train, write and score as the options say. Returns the exit status."""
    logs.configure()
    let_idle_threads_sleep()
    wanted = E2EOptions.model_validate_json(options)
    from training.e2e.report import show
    from training.e2e.run import benchmark

    log = sys.stderr if wanted.as_json else sys.stdout

    def say(line: str) -> None:
        print(line, file=log, flush=True)

    show(benchmark(wanted, settings(), say), sys.stdout, as_json=wanted.as_json)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except ShelftalkError as error:
        sys.stderr.write(f"shelftalk: {error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
