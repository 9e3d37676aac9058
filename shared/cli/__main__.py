"""``python -m shared.cli`` is the command ``shelftalk``."""

from shared.cli import main

main()
