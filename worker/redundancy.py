"""What a language model says twice, taken away: words, clauses, sentences, and loops that never end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import eq

from rapidfuzz import fuzz

from shared.text import joined, language_of, rewritten, words

NEARLY_THE_SAME_WORD = 85
"""From this similarity on (rapidfuzz ``ratio``, 0 to 100) two words that begin alike are forms of one: port, ports."""

LONGEST_STUTTER = 12
"""Words: a longer passage that follows itself is a sentence or a clause, and found as such."""

_ENGLISH = """
    a an the this that these those it its it's it’s he she they their there which who is are was were be been being has
    have had do does and or but so as of in on at to for from by with into also both very can will comes come made make
"""
_GERMAN = """
    der die das den dem des ein eine einen einem einer eines dieser diese dieses es er sie ist sind war wird werden hat
    haben und oder sowie auch aus von vom zu zum zur mit in im für auf an am bei als sehr kann
"""
_SPANISH = """
    el la los las un una unos unas este esta estos estas es son era fue está están tiene tienen y e o u de del al a en
    con por para su sus que se lo también muy como
"""
_FUNCTION_WORDS = frozenset(f"{_ENGLISH}{_GERMAN}{_SPANISH}".split())
_CHARACTERS = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")


def _content(text: str) -> set[str]:
    """What a text speaks of: its words in small letters but for function words ("not" and "without" are none), and the
    pairs of neighbouring characters where a language does not part its words."""
    plain = {word.casefold() for word in words(_CHARACTERS.sub(" ", text))} - _FUNCTION_WORDS
    runs = _CHARACTERS.findall(text)
    return plain.union(run[at : at + 2] for run in runs for at in range(max(1, len(run) - 1)))


def _says(content: set[str], word: str) -> bool:
    """Whether a text with this content holds a word or another form of it; numbers and codes must be the same."""
    if word in content or not word.isalpha():
        return word in content
    return any(other[0] == word[0] and fuzz.ratio(word, other) >= NEARLY_THE_SAME_WORD for other in content)


def _adds_nothing(text: str, content: set[str]) -> bool:
    return all(_says(content, word) for word in _content(text))


def without_stutter(text: str, names: Sequence[str], locale: str) -> str:
    """A text in which no word and no run of words follows itself: ``HP HP Compaq`` becomes ``HP Compaq``.

    What is doubled in one of the ``names`` (title, brand) stays, and so do dimensions (``5 cm x 5 cm x 5 cm``) and the
    doubles that grammar makes (``had had``, ``die die``).
    """
    doubled = f" {' '.join(_bare(' '.join(names).split()))} "

    def rewrite(sentence: str) -> str:
        tokens = sentence.split(" ")
        bare = _bare(tokens)
        for size in range(min(LONGEST_STUTTER, len(tokens) // 2), 0, -1):
            if sum(map(eq, bare, bare[size:])) >= size:
                tokens = _without_repeats(tokens, size, doubled)
                bare = _bare(tokens)
        shorter = " ".join(tokens)
        return shorter if shorter == sentence else rewrite(shorter)

    return rewritten(text, locale, rewrite)


_MAY_DOUBLE = frozenset({"that", "had", "die", "der", "das", "den", "dem", "sie"})
_DIMENSION_SIGNS = frozenset({"x", "×", "by", "mal", "por"})


def _bare(tokens: Sequence[str]) -> list[str]:
    return [token.strip(",;:.!?\"'“”„").casefold() for token in tokens]


def _without_repeats(tokens: list[str], size: int, doubled: str) -> list[str]:
    """Tokens less each run of ``size`` that its own repetition follows: the last one stays, with the marks it has."""
    bare, kept, at = _bare(tokens), list[str](), 0
    while at < len(tokens):
        block, times = bare[at : at + size], 1
        while bare[at + times * size : at + (times + 1) * size] == block:
            times += 1
        if times > 1 and _is_stutter(block, times, tokens[at + size - 1][-1], doubled):
            at += (times - 1) * size
        kept.append(tokens[at])
        at += 1
    return kept


def _is_stutter(block: list[str], times: int, joint: str, doubled: str) -> bool:
    """Whether words that follow themselves ``times`` times, with the mark ``joint`` between, are there by mistake."""
    if not any(sum(map(str.isalpha, word)) > 1 for word in block) or f" {' '.join(block * 2)} " in doubled:
        return False
    if any(map(str.isdigit, "".join(block))) and not _DIMENSION_SIGNS.isdisjoint(block):
        return False
    if len(block) == 1 and times == 2 and (joint == "," or block[0] in _MAY_DOUBLE):
        return False  # "very, very soft" and "dark brown, brown" are no mistakes
    return joint not in ";:.!?"


_CLAUSE_END = re.compile(r"(?<=,)\s+|(?<=，)")
_END_MARK = re.compile(r"[.!?。！？][\"'”’»)」』）]*$")
_CONJUNCTION = re.compile(
    r"(?:(and|or|as well as|und|oder|sowie|y|o|así como)\s+(?:(?:also|auch|también)\s+)?|以及|并且|并|和)",
    re.IGNORECASE,
)


_OWN_VERB = re.compile(r"\b([Ii])ts (?=(?:comes|is|has|was|includes|offers)\b)")
_SECOND_PREPOSITION = re.compile(r"\b(with|without|includes?|including) for\b")


def mended(text: str, locale: str) -> str:
    """An English text with "It comes" for ``Its comes``, and with one word of ``without for`` and ``include for``."""
    if language_of(locale) != "en":
        return text
    return _SECOND_PREPOSITION.sub(r"\1", _OWN_VERB.sub(r"\1t ", text))


def without_repeated_clauses(text: str, locale: str) -> str:
    """A text whose sentences say no clause twice: ``…, and is available in black, and is available in black``.

    A clause goes when the same one stands before it, and the last one of a sentence also when it is part of one before
    it, word for word. Then the list that it ended gets its conjunction back. A semicolon starts afresh. In English a
    statement with a subject of its own goes also when it stood in a sentence before, or when what it says of an
    attribute was said of the product: ``It is brass. Its material is brass.``
    """
    seen: set[str] = set()
    text = rewritten(text, locale, _without_repeated_clause)
    return rewritten(text, locale, lambda sentence: _without_known(sentence, seen))


def _without_repeated_clause(sentence: str) -> str:
    mark = _END_MARK.search(sentence)
    end = mark[0] if mark else ""
    parts = re.split(r"(?<=;)\s+|(?<=；)", sentence.removesuffix(end))
    shorter = [_said_once(_CLAUSE_END.split(part)) for part in parts]
    return sentence if shorter == parts else f"{joined(filter(None, shorter)).rstrip(',;，；')}{end}"


def _said_once(clauses: list[str]) -> str:
    kept: list[str] = []
    for clause in clauses:
        if _key(clause) not in map(_key, kept):
            kept.append(clause)
    last = clauses[-1]
    within = any(f" {_key(last)} " in f" {_key(clause)} " for clause in kept[:-1])
    if within and kept[-1] == last and _CONJUNCTION.match(last) and " " in _key(last):
        kept.pop()
    if kept[-1] != last and _key(kept[-1]) != _key(last):
        _close_list(kept, last)
    return joined(kept)


def _key(clause: str) -> str:
    """A clause to compare: without the conjunction it starts with, and without marks."""
    conjunction = _CONJUNCTION.match(clause)
    return " ".join(words(clause[conjunction.end() :] if conjunction else clause)).casefold()


def _close_list(kept: list[str], lost: str) -> None:
    """Give the end of a list the conjunction of the clause that is gone."""
    conjunction = _CONJUNCTION.match(lost)
    if conjunction and conjunction[1] and len(kept) > 1 and not _CONJUNCTION.match(kept[-1]):
        kept[-1] = f"{conjunction[1]} {kept[-1]}"
        if len(kept) == 2:
            kept[0] = kept[0].rstrip(",")


_STATEMENT = re.compile(r",? and (?=(?:its|it)\b)", re.IGNORECASE)
_OWNED = re.compile(r"^its .{1,60}? (?=(?:is|are) )")
_PRODUCT = re.compile(r"^(?!its\b)(?:(?! of ).)*?(?<= )(?=(?:is|are) )")


def _without_known(sentence: str, seen: set[str]) -> str:
    """The statements of a sentence that are not yet among those ``seen``, to which they are added."""
    mark = _END_MARK.search(sentence)
    end = mark[0] if mark else ""
    parts = _STATEMENT.split(sentence.removesuffix(end))
    kept: list[str] = []
    for part in parts:
        key = _key(part)
        if key not in seen and (not _OWNED.match(key) or _OWNED.sub("it ", key) not in seen):
            kept.append(part)
        # Of what a text begins with only the product can be the subject, unless an "of" makes it an attribute.
        seen.add(key if seen else _PRODUCT.sub("it ", key))
    is_doubled = not kept and not any(_OWNED.match(_key(part)) for part in parts)
    if is_doubled or len(kept) == len(parts):
        return sentence  # one that stands there twice is for ``without_repeated_sentences``
    return f"{' and '.join(kept)}{end}" if kept else ""


_LOOP = re.compile(r"(?=\S)(.{1,40}?)\1{3,}")
SHORTEST_LOOP = 12
"""Characters: ``1,000,000,000`` and ``XXXX`` are none."""
_RUN_OF_A_LOOP = SHORTEST_LOOP * 3 // 4


def without_loops(text: str, locale: str) -> str:
    """A text without the sentences in which the model got stuck: the same characters four times in a row, or more, as
    in ``baby-baby-baby-baby`` and ``2100+ 1.6 kg 2100+ 1.6 kg 2100+ 1.6 kg 2100+ 1.6 kg``."""
    return rewritten(text, locale, lambda sentence: "" if _loops(sentence) else sentence)


def _loops(sentence: str) -> bool:
    folded = f"{sentence.casefold()} "
    # A loop says its own first characters again, wherever it ends; a sentence without one seldom does.
    runs = [folded[at : at + _RUN_OF_A_LOOP] for at in range(len(folded) - _RUN_OF_A_LOOP + 1)]
    if len(set(runs)) == len(runs):
        return False
    return any(len(loop[0]) >= SHORTEST_LOOP and any(map(str.isalnum, loop[1])) for loop in _LOOP.finditer(folded))


def without_repeated_sentences(text: str, locale: str) -> str:
    """A text without the sentences that say nothing new: all their content words, or other forms of these, stand in one
    sentence before them. Numbers and codes must be the same; "not" is a content word."""
    seen: list[set[str]] = []

    def rewrite(sentence: str) -> str:
        if any(_adds_nothing(sentence, content) for content in seen):
            return ""
        seen.append(_content(sentence))
        return sentence

    return rewritten(text, locale, rewrite)
