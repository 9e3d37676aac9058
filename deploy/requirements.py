"""Print what pyproject.toml requires, one requirement a line, so that an image installs it before it holds the code.

Usage: ``python requirements.py pyproject.toml [extra …]``
"""

import sys
import tomllib
from pathlib import Path


def requirements(pyproject: Path, extras: list[str]) -> list[str]:
    """The project's dependencies, and those of some extras. Raises KeyError for an extra that does not exist."""
    project = tomllib.loads(pyproject.read_text())["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    return [line for lines in lists for line in lines]


if __name__ == "__main__":
    sys.stdout.write("\n".join(requirements(Path(sys.argv[1]), sys.argv[2:])) + "\n")
