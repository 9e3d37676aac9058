"""How texts are scored against several references."""

import math

import pytest

from training.e2e.scores import bleu, nist, rouge_l

TEXT = "The Mill is a cheap pub near the river."


def test_a_text_that_equals_one_of_its_references_has_full_scores_whatever_its_case() -> None:
    references = [["Quite another sentence about something.", TEXT.upper()], [TEXT]]
    assert bleu([TEXT, TEXT], references) == pytest.approx(100)
    assert rouge_l([TEXT, TEXT], references) == pytest.approx(100)


def test_bleu_of_texts_in_tokens_gives_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    bleu(["A pub ."] * 200, [["A pub ."]] * 200)
    assert not caplog.records


def test_nist_is_the_information_of_the_words_in_common() -> None:
    # One in two words is "a": one bit; after "a" there is always "b": none.
    assert nist(["a b"], [["a b"]]) == pytest.approx(1.0)


def test_nist_halves_the_score_of_texts_of_two_thirds_of_the_length() -> None:
    assert nist(["a b"], [["a b c"]]) == pytest.approx(math.log2(3) / 2)


def test_nist_counts_an_n_gram_as_often_as_one_reference_has_it() -> None:
    assert nist(["a a"], [["a b", "a c"]]) == pytest.approx(math.log2(4 / 2) / 2)


def test_nist_of_texts_that_have_nothing_in_common_with_their_references_is_zero() -> None:
    assert nist(["x y z"], [["a b c"]]) == 0


def test_rouge_takes_precision_and_recall_each_from_the_best_reference() -> None:
    # Precision 2/2 from the long reference, recall 1/1 from the short one.
    assert rouge_l(["a b"], [["a b c d", "a"]]) == pytest.approx(100)


def test_rouge_weighs_recall_more_and_leaves_out_marks() -> None:
    precision, recall, beta = 1.0, 0.5, 1.2
    expected = 100 * (1 + beta**2) * precision * recall / (recall + beta**2 * precision)
    assert rouge_l(["A, B!"], [["a b c d"]]) == pytest.approx(expected)
    assert rouge_l(["x"], [["a b"]]) == 0
