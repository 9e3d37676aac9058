"""A stack of the real supervisor with stand-ins for the processes: ``small_stack.py [broken] [slow]``.

Each stand-in writes its heartbeat and waits for SIGTERM, as the real ones do. ``broken`` makes the worker end with a
complaint at its start; ``slow`` makes it finish something first when it is stopped.
"""

from __future__ import annotations

import sys
from pathlib import Path

from shared.errors import ConfigurationError
from shared.settings import settings
from shared.stack import preflight
from shared.stack.__main__ import say
from shared.stack.plan import Flower, Plan, Process, beating
from shared.stack.supervisor import Supervisor

WAITS = """
import pathlib, signal, sys, threading
home, name = pathlib.Path(sys.argv[1]), sys.argv[2]
told = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: told.set())
(home / "run" / f"{name}.heartbeat").touch()
print(name, "begins", flush=True)
while not told.wait(0.05):
    pass
if "slow" in sys.argv:
    threading.Event().wait(1)
print(name, "is done", flush=True)
"""
COMPLAINS = "import sys; sys.exit('SHELFTALK_BASE_MODEL: no such folder')"


def small_plan(home: Path, flags: list[str]) -> Plan:
    """Ingest and worker; the worker is stopped last."""
    worker = ("-c", COMPLAINS) if "broken" in flags else ("-c", WAITS, str(home), "worker", *flags)
    return Plan(
        check=preflight.check_servers,
        prepare=((sys.executable, "-c", "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'])"),),
        processes=(
            Process(
                "ingest",
                (sys.executable, "-c", WAITS, str(home), "ingest"),
                is_ready=beating(home / "run", "ingest", within_s=60),
            ),
            Process("worker", (sys.executable, *worker), is_ready=beating(home / "run", "worker", within_s=60)),
        ),
        flower=Flower("http://127.0.0.1:1", "operator", "secret"),
    )


if __name__ == "__main__":
    home = settings().home
    try:
        supervisor = Supervisor(home, small_plan(home, sys.argv[1:]), say, durable=False)
        supervisor.run(when_ready=lambda stack: say("the stack is up"))
    except ConfigurationError as error:
        say(str(error))
        sys.exit(1)
