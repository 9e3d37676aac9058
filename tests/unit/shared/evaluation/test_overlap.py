"""What texts have in common with references: against sacrebleu's own corpus scores, and worked by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st

from shared.evaluation.overlap import (
    bleu_counts,
    chrf,
    chrf_counts,
    corpus_bleu,
    distinct_counts,
    rouge_l,
    sentence_bleu,
)

WORDS = st.lists(st.sampled_from("the a black kettle bowl of steel 1.7 l . , Finland".split()), max_size=12)
TEXTS = WORDS.map(" ".join)
CORPORA = st.lists(st.tuples(TEXTS, st.lists(TEXTS.filter(bool), min_size=1, max_size=3)), min_size=1, max_size=5)

Corpus = list[tuple[str, list[str]]]


def added(counts: list[tuple[float, ...]]) -> list[float]:
    return [sum(each) for each in zip(*counts, strict=True)]


def streams(corpus: Corpus) -> list[Any]:
    most = max(len(references) for _, references in corpus)
    return [[references[at] if at < len(references) else None for _, references in corpus] for at in range(most)]


@given(CORPORA)
def test_bleu_of_added_up_counts_is_that_of_sacrebleu(corpus: Corpus) -> None:
    ours = corpus_bleu(added([bleu_counts(text, references) for text, references in corpus]))
    theirs = sacrebleu.corpus_bleu([text for text, _ in corpus], streams(corpus), lowercase=True)
    assert ours == pytest.approx(theirs.score)


@given(CORPORA)
def test_chrf_of_added_up_counts_is_that_of_sacrebleu(corpus: Corpus) -> None:
    ours = chrf(added([chrf_counts(text, references) for text, references in corpus]))
    theirs = sacrebleu.corpus_chrf([text for text, _ in corpus], streams(corpus))
    assert ours == pytest.approx(theirs.score)


@given(TEXTS.filter(lambda text: len(text.split()) >= 4), TEXTS)
def test_a_text_has_the_full_score_when_one_reference_says_the_same(text: str, other: str) -> None:
    assert sentence_bleu(text, [other, text]) == pytest.approx(100)
    assert chrf(chrf_counts(text, [other, text])) == pytest.approx(100)
    assert rouge_l(text, [other, text]) == 1


def test_chinese_is_compared_by_characters() -> None:
    assert sentence_bleu("一只黑色的水壶", ["一只红色的水壶"], "zh-CN") > 0
    assert rouge_l("黑色水壶", ["红色水壶"]) == pytest.approx(3 / 4)


def test_rouge_l_is_the_harmonic_mean_of_the_shares_of_the_common_subsequence() -> None:
    # "the kettle black" is common: 3 of 4 words of the text, 3 of 5 words of the reference.
    assert rouge_l("The kettle, all black", ["the steel kettle is black"]) == pytest.approx(2 * 3 / 9)


def test_a_text_without_words_shares_nothing() -> None:
    assert (sentence_bleu("", ["a kettle"]), chrf(chrf_counts("", ["a kettle"])), rouge_l("", ["a kettle"])) == (
        0,
        0,
        0,
    )


@pytest.mark.parametrize("score", [sentence_bleu, bleu_counts, chrf_counts, rouge_l])
def test_without_a_reference_there_is_no_score(score: Any) -> None:
    with pytest.raises(ValueError, match="needs at least one reference"):
        score("a kettle", [])


@given(st.lists(TEXTS, max_size=5))
def test_the_shares_of_distinct_pairs_add_up_to_their_number(texts: list[str]) -> None:
    counts = distinct_counts(texts)
    pairs = [pair for text in texts for pair in pairs_of(text)]
    assert sum(share for share, _ in counts) == pytest.approx(len(set(pairs)))
    assert sum(number for _, number in counts) == len(pairs)


def pairs_of(text: str) -> list[tuple[str, str]]:
    found = [word.casefold() for word in text.split() if word not in ".,"]
    return list(pairwise(found))


def test_a_pair_that_two_texts_have_counts_half_in_each() -> None:
    assert distinct_counts(["black kettle", "Black kettle here"]) == [(0.5, 1), (1.5, 2)]
