"""Our own programs as commands that mean the same in every folder.

Without ``-P`` Python looks for modules in the current folder first, and a ``shared/`` of someone else would run there.
"""

from __future__ import annotations

import sys

# `celery -A worker.app` looks in the current folder first, whatever Python was told. Imported by us, the app is ours.
_CELERY = "import sys; from worker.app import app; sys.exit(app.start(sys.argv[1:]))"


def python_module(name: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs one of our modules, as ``python -m`` does."""
    return (sys.executable, "-P", "-m", name, *arguments)


def celery(*arguments: str) -> tuple[str, ...]:
    """The command that runs Celery's command line on our app: ``celery("beat", "--pidfile=")``."""
    return (sys.executable, "-P", "-c", _CELERY, *arguments)
