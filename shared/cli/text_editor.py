"""A text in the curator's own editor."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from pathlib import Path

from shared.errors import ConfigurationError
from shared.settings import child_environment


def edited(text: str) -> str | None:
    """The text as it comes back from the curator's editor; None if it comes back as it was, or empty.

    Raises:
        ConfigurationError: when the editor cannot be started, or fails.
    """
    surroundings = child_environment()
    program = surroundings.get("VISUAL") or surroundings.get("EDITOR") or "vi"
    fix = "set EDITOR to a program that waits until the file is closed, or give the text with --text"
    with tempfile.TemporaryDirectory(prefix="shelftalk-edit-") as folder:
        path = Path(folder) / "description.txt"
        path.write_text(f"{text}\n", encoding="utf-8")
        try:
            ended = subprocess.run([*shlex.split(program), str(path)], check=False)
            changed = path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"the editor {program!r} cannot be used: {error}; {fix}") from None
    if ended.returncode:
        raise ConfigurationError(f"the editor {program!r} ended with status {ended.returncode}; {fix}")
    return changed if changed and changed != text.strip() else None
