"""Whether two quantities are the same: the one that copy states, and the one that the facts hold."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from shared.factcheck.quantities import Term
from shared.factcheck.units import converted, dimension_of

_TEMPERATURES = frozenset({"°C", "°F"})


def same_quantity(said: Term, held: Term) -> Literal["exact", "converted"] | None:
    """How a quantity bears out another; None where it does not.

    ``exact`` is the same number with the same unit, or both without one. ``converted`` is the held quantity in the
    unit that is said: the same number, or one of at least two digits that is its rounding and differs by less than 1%.
    So 15.6 inches bear out 39.6 cm and 40 cm, and not 39 cm. A rounding to decimals may differ by more where the units
    are not of one decimal system: 1.3 kg bear out 2.9 lb, but 1460 g not 1.5 kg. A unit that is not there is never
    added.
    """
    if said.number is None or held.number is None or (said.last is None) != (held.last is None):
        return None
    if said.unit == held.unit:
        return "exact" if (said.number, said.last) == (held.number, held.last) else None
    if said.unit is None or held.unit is None:
        return None
    if said.unit == "degree" and held.unit in _TEMPERATURES:  # "wash at 30 degrees"
        return "exact" if (said.number, said.last) == (held.number, held.last) else None
    pairs = [(said.number, held.number)]
    if said.last is not None and held.last is not None:
        pairs.append((said.last, held.last))
    is_same = all(
        any(_is_rounding(number, exact, said.decimals, other) for exact in converted(other, held.unit, said.unit))
        for number, other in pairs
    )
    return "converted" if is_same else None


def _is_rounding(number: Fraction, exact: Fraction, decimals: int, held: Fraction) -> bool:
    scale = 10**decimals
    error = abs(number - exact)
    is_close = error * 100 < abs(exact) or (decimals > 0 and not _is_decimal_shift(exact, held))
    is_precise = abs(number) * scale >= 10 and is_close
    return not error or (is_precise and error * scale * 2 <= 1)


def _is_decimal_shift(exact: Fraction, held: Fraction) -> bool:
    """Whether two numbers have the same digits: 1460 and 1.46."""
    ratio = max(abs(exact), abs(held)) / max(min(abs(exact), abs(held)), Fraction(1, 10**9))
    return ratio.denominator == 1 and str(ratio.numerator).strip("0") == "1"


def quantity_key(term: Term) -> str | None:
    """What quantities that may be the same have in common: their dimension. None for words and bare numbers."""
    if term.unit is None:
        return None
    return dimension_of("°C" if term.unit == "degree" else term.unit)
