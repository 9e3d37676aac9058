"""``python -m shared.stack``: the stack in the foreground, with plain lines. ``shelftalk up --detach`` starts it."""

from __future__ import annotations

import sys

from shared.errors import ConfigurationError
from shared.settings import settings
from shared.stack.plan import shelftalk_plan
from shared.stack.state import Stack
from shared.stack.supervisor import Supervisor


def say(line: str) -> None:
    """Print a line at once, for whoever follows."""
    print(line, flush=True)


def main() -> int:
    """Run the stack until it is told to stop. The exit status: 0 when it had been ready.

    When it was not, the last line that it says is the cause.
    """
    try:
        chosen = settings()
        supervisor = Supervisor(chosen.home, shelftalk_plan(chosen.home, chosen.heartbeat_s), say)
        if supervisor.run(when_ready=_say_that_it_is_up):
            return 0
        say("it was told to stop before it was ready")
    except ConfigurationError as error:
        say(str(error))
    return 1


def _say_that_it_is_up(stack: Stack) -> None:
    say(f"the stack is up since {stack.started_at}")


if __name__ == "__main__":
    sys.exit(main())
