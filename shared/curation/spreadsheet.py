"""Text in the cells of a spreadsheet: none is run as a formula, and each comes back exactly as it was.

Spreadsheet programs run a cell that begins like a formula, whoever wrote its text
(https://owasp.org/www-community/attacks/CSV_Injection). Such a cell gets a leading apostrophe, which these programs
read as "this is text".
"""

from __future__ import annotations

import re

# The full-width forms are formulas in Japanese and Chinese locales.
_FORMULA = "=+@\t\r\n＝＋－＠-"
_TO_GUARD = re.compile(rf"'*[{_FORMULA}]")
_GUARDED = re.compile(rf"'+[{_FORMULA}]")


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet program runs.

    A text that looks guarded already, such as ``'=1``, gets one more apostrophe, so that :func:`unguarded` is exact.
    """
    return f"'{text}" if _TO_GUARD.match(text) else text


def unguarded(cell: str) -> str:
    """The text that :func:`guarded` made this cell of. A cell that lost its apostrophe on the way is taken as it is."""
    return cell[1:] if _GUARDED.match(cell) else cell
