"""What a text of the E2E data set says, read by patterns, and how that differs from what it was to say.

The patterns are ours; which wordings they must know was learnt from the slot checker of Dušek, Howcroft and Rieser,
"Semantic Noise Matters for Neural Natural Language Generation" (2019), with which the cleaned data was made. A wording
can stand for several values ("affordable"): it is then read as the one that was to be said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from training.e2e.data import Meaning

_KIDS = r"(?:kids?|child(?:ren)?s?|famil(?:y|ies)|all[ -]ages?)"
_FIT = r"(?:friendly|orien(?:ta)?ted|suitable|good|welcoming|open(?:ed)?|appropriate)"
_STARS = r"(?:(?: out)? of (?:5|five)(?: stars?)?|[- ]+stars?|/5)"
_RATING = r"(?:rat(?:ings?|e[ds]?)|reviews?|reviewed|standards?|quality)"
_PRICE = r"prices?(?: range)?(?: \w+){0,3}"


def _rated(number: str, after: str, before: str) -> tuple[str, ...]:
    """A rating as a number of stars, and as words that stand after or before what is rated."""
    stars = rf"(?:{number}){_STARS}"
    also = rf"(?: (?:\w+ ){{0,3}}{stars})?"
    return (
        stars,
        rf"{_RATING}(?: \w+){{0,2}} (?:as )?(?:{after}){also}",
        rf"(?:{before})(?:ly)?(?:[ -]+\w+){{0,2}}[ -]+{_RATING}{also}",
    )


_LOW = _rated("1|one", "low|bad|poor", r"low|bad|poor|(?:not|doesn't|isn't)(?: \w+){0,2} (?:good|well)")
_AVERAGE = _rated("3|three", "average", "average|(?<!very )(?:good|well)")
_HIGH = _rated("5|five", "high", "high|excellent|very good|great|(?<!not )well")
_CHEAP = (r"(?<!not )(?:inexpensive|cheap)(?:ly)?", r"low[- ]+price[ds]?", r"affordabl[ey]", rf"{_PRICE} low")
_DEAR = (r"high[- ]+price[ds]?", r"(?<!in)expensive", rf"{_PRICE} high")
_MIDDLING = (
    r"(?:(?:moderate|average)(?:ly)?|reasonabl[ey]|ok|mid)[- ]+(?:range[- ]+)?price[ds]?",
    rf"{_PRICE} (?:ok|average|moderate|reasonable)",
    r"affordable",
)

_WORDINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "eatType": {
        "coffee shop": ("coffee[- ]+shops?", "caf[eé]", "coffee"),
        "pub": ("pub",),
        "restaurant": ("restaurant",),
    },
    "food": {
        "Chinese": ("chinese?",),
        "English": ("english|british",),
        "Fast food": ("fast[ -]food",),
        "French": ("french",),
        "Indian": ("indian",),
        "Italian": ("italian",),
        "Japanese": ("japanese",),
    },
    "area": {
        "city centre": (
            "(?:city|town)[ -]cent(?:re|er)",
            "cent(?:re|er) of (?:the )?(?:city|town)",
            "in the cent(?:re|er)",
        ),
        "riverside": ("riverside", "(?:near|by|at|close to|along|on|off|beside) the river"),
    },
    "priceRange": {
        "cheap": _CHEAP,
        "less than £20": (*_CHEAP, r"(?:less than|under|below) £? *20", "moderately priced"),
        "£20-25": (r"£? *20 *(?:[-–]*|to|and) *£? *25", *_MIDDLING),
        "moderate": (*_MIDDLING, "not cheap"),
        "more than £30": (r"(?:more than|over|above) £? *30", *_DEAR, "not cheap"),
        "high": _DEAR,
    },
    "customer rating": {
        "1 out of 5": _LOW,
        "3 out of 5": _AVERAGE,
        "5 out of 5": _HIGH,
        "low": _LOW,
        "average": _AVERAGE,
        "high": _HIGH,
    },
    "familyFriendly": {
        "no": (
            rf"(?:isn't|aren't|not|non|no)[ -]+(?:\w+ ){{0,2}}{_KIDS}[ -]+{_FIT}",
            rf"{_KIDS}[ -]+unfriendly",
            "adults?[ -]+only",
            "only for adults",
            rf"(?:no|not) {_KIDS}",
            rf"(?:n't|not|no)(?: an?)?(?: {_FIT})? (?:at|for|to|with|towards?)(?: the)? {_KIDS}",
            rf"{_KIDS} (?:are|is)(?:n't| not) (?:welcomed?|allowed|accepted)",
            rf"(?:does not|doesn't|do not|don't) (?:welcome|allow|accept) (?:\w+ ){{0,2}}{_KIDS}",
            "adult (?:establishment|venue|place|establish)",
        ),
        "yes": (
            rf"for {_KIDS}",
            "family place",
            "place to bring the(?: whole)? family",
            rf"{_FIT} (?:at|with|to|for)(?: the)? {_KIDS}",
            rf"{_KIDS}[ -]+(?:friendly|orien(?:ta)?ted)",
            rf"{_KIDS} (?:are|is) (?:welcomed?|allowed|accepted)",
            rf"(?:welcomes?|(?<!not )welcoming|allows?|accepts?) (?:\w+ ){{0,2}}{_KIDS}",
        ),
    },
}


@dataclass(frozen=True)
class SlotErrors:
    """Values of meanings that their texts do not say, values that they say beside, and wrong ones in their place.

    ``slots`` counts the values that were to be said.
    """

    missing: int = 0
    added: int = 0
    wrong: int = 0
    slots: int = 0

    def __add__(self, other: SlotErrors) -> SlotErrors:
        return SlotErrors(
            self.missing + other.missing, self.added + other.added, self.wrong + other.wrong, self.slots + other.slots
        )

    @property
    def count(self) -> int:
        """All errors."""
        return self.missing + self.added + self.wrong

    @property
    def rate(self) -> float:
        """The slot error rate: errors per value that was to be said (Wen et al., 2015)."""
        return self.count / self.slots if self.slots else 0.0


@dataclass(frozen=True)
class _Match:
    slot: str
    value: str
    start: int
    end: int

    def lies_within(self, other: _Match) -> bool:
        is_inside = other.start <= self.start and self.end <= other.end
        return is_inside and (self.start, self.end) != (other.start, other.end)


class SlotReader:
    """Reads texts: the names of restaurants and places are those of a set of meanings, all other wordings are known."""

    def __init__(self, meanings: Iterable[Meaning]) -> None:
        named: dict[str, dict[str, tuple[str, ...]]] = {"name": {}, "near": {}}
        for meaning in meanings:
            for slot, wordings in named.items():
                wordings |= {value: (_verbatim(value),) for value in meaning.slots.get(slot, ())}
        self._wordings = named | _WORDINGS

    @cached_property
    def _patterns(self) -> list[tuple[str, str, re.Pattern[str]]]:
        return [
            (slot, value, re.compile(rf"\b(?:{'|'.join(wordings)})\b", re.IGNORECASE))
            for slot, values in self._wordings.items()
            for value, wordings in values.items()
        ]

    def stated(self, text: str, meaning: Meaning) -> dict[str, set[str]]:
        """The values that a text states, by their slots. Of several values with one wording the meaning chooses."""
        found = [
            _Match(slot, value, match.start(), match.end())
            for slot, value, pattern in self._patterns
            for match in pattern.finditer(text)
        ]
        longest = [each for each in found if not any(each.lies_within(other) for other in found)]
        stated: dict[str, set[str]] = {}
        for span in {(each.start, each.end) for each in longest}:
            same = [each for each in longest if (each.start, each.end) == span]
            meant = [each for each in same if each.value in meaning.slots.get(each.slot, ())]
            for each in meant or same[:1]:
                stated.setdefault(each.slot, set()).add(each.value)
        return stated

    def errors(self, text: str, meaning: Meaning) -> SlotErrors:
        """How a text differs from its meaning; a value said twice is no error."""
        stated = self.stated(text, meaning)
        missing = added = wrong = 0
        for slot in {*stated, *meaning.slots}:
            said, wanted = stated.get(slot, set()), set(meaning.slots.get(slot, ()))
            less, more = len(wanted - said), len(said - wanted)
            wrong += min(less, more)
            missing += max(less - more, 0)
            added += max(more - less, 0)
        return SlotErrors(missing, added, wrong, meaning.size)


def total(errors: Iterable[SlotErrors]) -> SlotErrors:
    """All errors of a set of texts."""
    return sum(errors, SlotErrors())


def _verbatim(name: str) -> str:
    return re.escape(name).replace("é", "[eé]").replace("É", "[EÉ]")
