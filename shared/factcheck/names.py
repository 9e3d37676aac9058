"""The names of attributes made ready to be compared. A catalogue has few of them, and each product repeats them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from shared.factcheck.lexicon import Lexicon
from shared.factcheck.quantities import Term, terms
from shared.factcheck.wording import Wording

MAX_VALUE_CHARACTERS = 4000  # a longer name or value is read so far: copy states nothing that stands further behind
_UNIT_OF_NAME = re.compile(r"\(([^()]{1,8})\)|\bin\s+(\w{1,8})$")


@dataclass(frozen=True, eq=False)
class Name:
    """The name of an attribute: its ``keys`` in order, and as a set in ``label``; ``words`` are as written.

    ``telling`` are the keys that tell it apart from other names, and ``own`` those that are not neutral. ``unit`` is
    the one unit that it gives its numbers, and ``role`` the one dimension of which they are. ``is_maker`` says that its
    value may stand after "made by", ``is_date`` that it may be a year, ``is_size`` that it is a size, ``is_kind`` that
    it is a kind of thing, and ``is_relation`` that it is another thing, which the product only goes with.
    ``negations`` are the words such as "non" that the name holds, and ``compounds`` lead from each two words of it,
    written as one, to the two.
    """

    keys: tuple[str, ...]
    label: frozenset[str]
    words: frozenset[str]
    telling: tuple[str, ...]
    own: tuple[str, ...]
    unit: str | None
    role: str | None
    is_maker: bool
    is_date: bool
    is_size: bool
    is_kind: bool
    is_relation: bool
    negations: frozenset[str]
    compounds: Mapping[str, tuple[Term, Term]]


@lru_cache(maxsize=2048)  # at about 3 kB each
def read_name(attribute: str, wording: Wording) -> Name:
    """The name of an attribute as the check compares it."""
    lexicon = wording.lexicon
    found = terms(attribute[:MAX_VALUE_CHARACTERS], lexicon)
    keys = tuple(term.key for term in found)
    label = frozenset(keys)
    named = [term for term in found if term.word not in lexicon.function_words]
    spaced = f" {' '.join(keys)} "
    return Name(
        keys,
        label,
        words=frozenset(term.word for term in found),
        telling=tuple(term.key for term in named if term.key not in lexicon.generic) or keys,
        own=tuple(term.key for term in found if not lexicon.is_neutral(term.word)),
        unit=_only(set(_units(attribute, found, lexicon))),
        role=_only({wording.roles[term.word] for term in found if term.word in wording.roles}),
        is_maker=not lexicon.maker_names.isdisjoint(label),
        is_date=not lexicon.dates.isdisjoint(label),
        is_size=not lexicon.sizes.isdisjoint(label),
        is_kind=not lexicon.kind_names.isdisjoint(label),
        is_relation=any(f" {phrase} " in spaced for phrase in lexicon.relation_names),
        negations=lexicon.negations & label,
        compounds={lexicon.stem(first.word + second.word): (first, second) for first, second in pairwise(found)},
    )


def _only(found: set[str]) -> str | None:
    """The one thing that was found; None where there are several."""
    return found.pop() if len(found) == 1 else None


def _units(attribute: str, found: Sequence[Term], lexicon: Lexicon) -> Iterator[str]:
    """The units that an attribute's name gives its numbers: "screen size inches", "weight (g)", "depth in cm"."""
    units = lexicon.units
    yield from (units[term.word] for term in found if len(term.word) > 2 and term.word in units)
    for written in _UNIT_OF_NAME.findall(attribute) if "(" in attribute or " in " in attribute else ():
        yield from (units[word] for word in map(str.casefold, written) if word in units)
