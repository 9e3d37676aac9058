"""Numbers as people write them in each language."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.factcheck.lexicon import load_lexicon
from shared.factcheck.quantities import Term, terms


def read(text: str, locale: str = "en") -> list[Term]:
    return [term for term in terms(text, load_lexicon(locale)) if term.number is not None]


def read_one(text: str, locale: str = "en") -> Term:
    (found,) = read(text, locale)
    return found


@pytest.mark.parametrize(
    ("locale", "text", "number"),
    [
        ("en", "20,000", 20_000),
        ("de", "20.000", 20_000),
        ("es", "20.000", 20_000),
        ("zh", "20,000", 20_000),
        ("en", "1.500", 1.5),
        ("de", "1,500", 1.5),
        ("de", "1,5", 1.5),
        ("de", "15.6", 15.6),
        ("de", "0.500", 0.5),
        ("de", "1.000,5", 1000.5),
        ("de", "1,000.5", 1000.5),
        ("en", "1.000,5", 1000.5),
        ("en", "1.000.000", 1_000_000),
        ("de", "1,000,000", 1_000_000),
        ("en", "30,5 m", 30.5),
        ("en", ".5 inch", 0.5),
        ("en", "1\u00a0000", 1000),
        ("en", "1\u202f234\u202f567", 1_234_567),
        ("de", "1\u2009234,5", 1234.5),
        ("en", "20 000 mm", 20_000),
        ("de", "1'000", 1000),
        ("de", "1’000.5", 1000.5),
        ("en", '1-9/16"', 25 / 16),
        ("en", '1–9/16"', 25 / 16),
        ("en", "1 9/16 in.", 25 / 16),
        ("en", "5-1/4-inch", 5.25),
        ("en", "½", 0.5),
        ("en", "1½", 1.5),
        ("en", "1 ¾ cups", 1.75),
        ("en", '1/2.5"', 0.4),
        ("zh", "２０．５厘米", 20.5),
        ("zh", "1.2万次", 12_000),
        ("zh", "三米", 3),
        ("zh", "十五厘米", 15),
        ("zh", "一百二十三厘米", 123),
        ("zh", "两千零五克", 2005),
        ("zh", "两个口袋", 2),
        ("zh", "半小时", 0.5),
        ("zh", "两个半小时", 2.5),
        ("zh", "二〇二四年", 2024),
        ("zh", "百分之九十", 90),
        ("zh", "百分之99.5", 99.5),
    ],
)
def test_a_number_is_read_as_its_language_writes_it(locale: str, text: str, number: float) -> None:
    assert float(read_one(text, locale).number or 0) == pytest.approx(number)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("RAID 0,1,5", [0, 1, 5]),
        ("RAID 0,1", [0, 1]),
        ("sizes 36,38,40 cm", [36, 38, 40]),
        ("10/100/1000", [10, 100, 1000]),
        ("2 10/100 ports", [2, 0.1]),
        ("2.4/5 GHz", [2.4, 5]),
        ("1920x1080", [1920, 1080]),
        ("Windows 7 500 GB", [7, 500]),
        ("1 to 9/16", [1, 9 / 16]),
    ],
)
def test_a_list_is_not_one_number(text: str, numbers: list[float]) -> None:
    assert [float(term.number or 0) for term in read(text)] == pytest.approx(numbers)


@pytest.mark.parametrize("text", ["1.2.3", "12.05.2023", "192.168.1.1", "1.5e3", "5G", "4K"])
def test_a_version_a_date_and_a_name_are_words(text: str) -> None:
    assert [(term.word, term.number) for term in terms(text, load_lexicon("en"))] == [(text.casefold(), None)]


@pytest.mark.parametrize("text", ["十分漂亮", "一样", "第二代", "两三个", "两侧", "千层", "百褶裙", "半裙"])
def test_a_chinese_numeral_within_a_word_is_no_number(text: str) -> None:
    assert read(text, "zh") == []


def written(number: Fraction, decimals: int, group: str, point: str) -> str:
    return f"{float(number):,.{decimals}f}".translate({ord(","): group, ord("."): point})


@given(
    st.integers(0, 10**9),
    st.integers(0, 4),
    st.sampled_from([("en", ",", "."), ("zh", ",", "."), ("de", ".", ","), ("es", ".", ","), ("es", "\u202f", ",")]),
)
def test_a_number_written_in_a_language_is_read_back(digits: int, decimals: int, style: tuple[str, ...]) -> None:
    locale, group, point = style
    number = Fraction(digits, 10**decimals)
    found = read_one(f"{written(number, decimals, group, point)} mm", locale)
    assert (found.number, found.unit, found.decimals) == (number, "mm", decimals)


@given(st.integers(0, 999_999), st.sampled_from([2, 4, 8, 16, 32, 64]), st.data(), st.sampled_from("- \u00a0"))
def test_a_mixed_fraction_is_never_its_part(whole: int, bottom: int, data: st.DataObject, gap: str) -> None:
    top = data.draw(st.integers(1, bottom - 1))
    assert read_one(f'{whole}{gap}{top}/{bottom}"').number == whole + Fraction(top, bottom)


@given(st.integers(1, 99_999_999))
def test_a_chinese_numeral_is_read_back(number: int) -> None:
    assert read_one(f"{chinese(number)}米", "zh").number == number


def chinese(number: int) -> str:
    """A number in Chinese signs, in full: ``一百零五``."""
    if number >= 10_000:
        rest = number % 10_000
        return f"{chinese(number // 10_000)}万" + ("零" * (0 < rest < 1000) + chinese(rest) if rest else "")
    said, is_open = "", False
    for power, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // power % 10
        if digit:
            said += "零" * (is_open and bool(said)) + "零一二三四五六七八九"[digit] + sign
        is_open = not digit
    return said
