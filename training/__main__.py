"""``python -m training train REQUEST``: what ``shelftalk train`` and the periodic task become. REQUEST is JSON."""

from __future__ import annotations

import sys

from shared import db, logs
from shared.errors import ShelftalkError
from shared.settings import let_idle_threads_sleep, settings
from shared.training_request import TrainRequest

EXIT_INTERRUPTED = 130


def main(request: str) -> int:
    """Train as the request says. Returns the exit status."""
    logs.configure()
    let_idle_threads_sleep()
    from training.flow import train

    wanted = TrainRequest.model_validate_json(request)
    database = None if wanted.offline else db.engine()
    if database is not None:
        db.check(database)
    return train(wanted, settings(), database, _say)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[2]))
    except ShelftalkError as error:
        sys.stderr.write(f"shelftalk: {error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
