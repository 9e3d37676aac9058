"""Personal data, which no copy may hold."""

from __future__ import annotations

import re
from collections.abc import Collection

_ADDRESSES = {
    "e-mail": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "url": re.compile(r"\b(?:https?://|www\.)\S+"),
    "phone": re.compile(
        r"(?<![\w+])\+(?:[ .()/-]{0,2}\d){8,15}(?!\w)"  # with its country
        r"|(?<!\w)\(\d{3}\) ?\d{3}[-. ]\d{4}(?!\w)|(?<![\w.-])\d{3}([-.])\d{3}\1\d{4}(?![\w-]|\.\d)"  # American
        r"|(?i:\b(?:tel|phone|call(?: us)?(?: at| on)?)\b\.?:?\s*[\d(][\d ()./-]{5,}\d)"  # or one that says so
    ),
}
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")


def holds_pii(text: str, allowed: Collection[str] = ()) -> bool:
    """Whether a text holds an e-mail or web address, a telephone number or an IBAN (ISO 13616, with its checksum).

    ``allowed`` are those of "e-mail", "url" and "phone" that the profile lets the copy hold.
    """
    forbidden = (pattern for kind, pattern in _ADDRESSES.items() if kind not in allowed)
    return any(pattern.search(text) for pattern in forbidden) or any(
        _is_iban(match[0]) for match in _IBAN.finditer(text)
    )


def _is_iban(written: str) -> bool:
    account = written.replace(" ", "")
    digits = "".join(str(int(sign, 36)) for sign in account[4:] + account[:4])
    return 15 <= len(account) <= 34 and int(digits) % 97 == 1
