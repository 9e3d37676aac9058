"""What a text has in common with texts that people wrote: BLEU, chrF and ROUGE-L; and how varied texts are.

The score of a corpus is no mean of the scores of its texts: BLEU and chrF come from counts that are added up over the
texts, so that a resampled corpus is scored from the sum of its texts' counts (Koehn 2004).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.distance import LCSseq
from sacrebleu.metrics.bleu import BLEU, BLEUScore

from shared.text import language_of, words

Counts = tuple[float, ...]

BLEU_ORDER = 4
CHRF_ORDER = 6
CHRF_BETA = 2
"""How much more recall counts than precision in chrF."""


def bleu_counts(text: str, references: Sequence[str], locale: str = "en") -> Counts:
    """What a text adds to the BLEU of a corpus: the n-grams of 1 to 4 tokens that stand in a reference, all of them,
    its length and that of the nearest reference, in tokens. Case does not count.

    Raises:
        ValueError: without a reference.
    """
    found = _bleu_of(text, references, locale)
    return (*found.counts, *found.totals, found.sys_len, found.ref_len)


def sentence_bleu(text: str, references: Sequence[str], locale: str = "en") -> float:
    """The BLEU of one text, 0 to 100, over the orders that it is long enough for, smoothed as the corpus' is.

    Raises:
        ValueError: without a reference.
    """
    return float(_bleu_of(text, references, locale).score)


def corpus_bleu(counts: Sequence[float]) -> float:
    """BLEU, 0 to 100, of added up counts (Papineni et al. 2002; exponential smoothing, as sacrebleu has it)."""
    correct, total = counts[:BLEU_ORDER], counts[BLEU_ORDER : 2 * BLEU_ORDER]
    length, wanted = counts[2 * BLEU_ORDER :]
    found = BLEU.compute_bleu(
        [int(each) for each in correct], [int(each) for each in total], int(length), int(wanted), smooth_method="exp"
    )
    return float(found.score)


def _bleu_of(text: str, references: Sequence[str], locale: str) -> BLEUScore:
    if not references:
        raise ValueError("BLEU needs at least one reference text")
    return _bleu("zh" if language_of(locale) == "zh" else "13a").sentence_score(text, references)


@lru_cache
def _bleu(tokens: str) -> BLEU:
    # Post (2018) says why the tokens matter: sacrebleu's are those of publications.
    return BLEU(lowercase=True, tokenize=tokens, effective_order=True)


def chrf_counts(text: str, references: Sequence[str]) -> Counts:
    """What a text adds to the chrF of a corpus: for each order of 1 to 6 characters the n-grams of the text, those of
    the reference, and those in common. Of several references the one with the highest score counts.

    Raises:
        ValueError: without a reference.
    """
    if not references:
        raise ValueError("chrF needs at least one reference text")
    said = _characters(text)
    return max((_in_common(said, _characters(reference)) for reference in references), key=chrf)


def chrf(counts: Sequence[float]) -> float:
    """chrF2, 0 to 100, of added up counts: Popović 2015, as sacrebleu has it; case counts, white space does not."""
    triples = [counts[at : at + 3] for at in range(0, len(counts), 3)]
    shares = [(both / said, both / wanted) for said, wanted, both in triples if said and wanted]
    if not shares:
        return 0.0
    precision, recall = (sum(each) / len(shares) for each in zip(*shares, strict=True))
    weight = CHRF_BETA**2
    return 100 * (1 + weight) * precision * recall / (weight * precision + recall) if precision else 0.0


def _characters(text: str) -> list[Counter[str]]:
    line = "".join(text.split())
    return [Counter(line[at : at + order] for at in range(len(line) - order + 1)) for order in range(1, CHRF_ORDER + 1)]


def _in_common(said: Sequence[Counter[str]], wanted: Sequence[Counter[str]]) -> Counts:
    counts: list[float] = []
    for ours, theirs in zip(said, wanted, strict=True):
        counts += [ours.total() if theirs else 0, theirs.total(), (ours & theirs).total()]
    return tuple(counts)


def rouge_l(text: str, references: Sequence[str]) -> float:
    """ROUGE-L, 0 to 1: the harmonic mean of the longest common subsequence's shares of the text and of a reference, in
    words, with the best of the references (Lin 2004, β = 1). Words of all scripts count, and case does not.

    Raises:
        ValueError: without a reference.
    """
    if not references:
        raise ValueError("ROUGE-L needs at least one reference text")
    said = _folded(text)
    return max(_common_share(said, _folded(reference)) for reference in references)


def _common_share(said: Sequence[str], wanted: Sequence[str]) -> float:
    both = len(said) + len(wanted)
    return 2 * LCSseq.similarity(said, wanted) / both if both else 1.0


def _folded(text: str) -> list[str]:
    return [word.casefold() for word in words(text)]


def distinct_counts(texts: Iterable[str]) -> list[Counts]:
    """What each text adds to distinct-2, the share of different word pairs among all of a corpus (Li et al. 2016).

    The first number is the text's share in the different pairs: of a pair that occurs five times in the corpus each
    occurrence is a fifth. The second is the number of its pairs. A resample takes a text twice, whose pairs would then
    look repeated; so the shares stay those of the whole corpus.
    """
    pairs = [list(pairwise(_folded(text))) for text in texts]
    counts = Counter(pair for found in pairs for pair in found)
    return [(sum(1 / counts[pair] for pair in found), len(found)) for found in pairs]
