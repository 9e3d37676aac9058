"""Print what pyproject.toml requires, one requirement a line, so that an image installs it before it holds the code.

Usage: ``python requirements.py pyproject.toml [extra …]``
"""

import sys
import tomllib
from pathlib import Path
from typing import Any


def requirements(pyproject: Path, extras: list[str]) -> list[str]:
    """The project's dependencies, and those of some extras. Raises KeyError for an extra that does not exist."""
    project = tomllib.loads(pyproject.read_text())["project"]
    lists = [project["dependencies"], *(of_extra(project, extra) for extra in extras)]
    return [line for lines in lists for line in lines]


def of_extra(project: dict[str, Any], extra: str) -> list[str]:
    """What an extra requires. One that it takes in, ``project[other]``, is replaced by what that one requires."""
    prefix, lines = f"{project['name']}[", []
    for line in project["optional-dependencies"][extra]:
        if line.startswith(prefix):
            for other in line.removeprefix(prefix).removesuffix("]").split(","):
                lines += of_extra(project, other)
        else:
            lines.append(line)
    return lines


if __name__ == "__main__":
    sys.stdout.write("\n".join(requirements(Path(sys.argv[1]), sys.argv[2:])) + "\n")
