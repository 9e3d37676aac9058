"""How the E2E challenge scores texts against several references: BLEU, NIST and ROUGE-L."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rapidfuzz.distance import LCSseq
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

References = Sequence[Sequence[str]]

NIST_ORDER = 5
_NIST_BETA = -math.log(0.5) / math.log(1.5) ** 2
_ROUGE_BETA = 1.2

_tokenizer = Tokenizer13a()  # type: ignore[no-untyped-call]
_bleu = BLEU(lowercase=True, force=True)  # force: no warning at texts that are in tokens already


def bleu(texts: Sequence[str], references: References) -> float:
    """BLEU, 0 to 100, of all texts, each with its references; tokens of mteval-13a, in small letters."""
    most = max(map(len, references))
    columns: Any = [[each[at] if at < len(each) else None for each in references] for at in range(most)]
    return float(_bleu.corpus_score(texts, columns).score)


def nist(texts: Sequence[str], references: References) -> float:
    """NIST-5 (Doddington, 2002): the mean information, in bits, of n-grams that stand in a reference, summed over n.

    ``info(w1…wn) = log2(count(w1…wn-1) / count(w1…wn))`` over all references, and for one word the number of all words
    takes the numerator's place. Texts shorter than the mean of their references are punished by ``exp(-β ln²(ratio))``,
    which is ½ at a ratio of ⅔. Tokens of mteval-13a, in small letters.
    """
    said = [_tokens(text) for text in texts]
    wanted = [[_tokens(text) for text in each] for each in references]
    counts = Counter(gram for each in wanted for tokens in each for gram in _grams(tokens, range(1, NIST_ORDER + 1)))
    counts[()] = sum(len(tokens) for each in wanted for tokens in each)
    score = 0.0
    for order in range(1, NIST_ORDER + 1):
        information, grams = 0.0, 0
        for tokens, others in zip(said, wanted, strict=True):
            own = Counter(_grams(tokens, range(order, order + 1)))
            most: Counter[tuple[str, ...]] = Counter()
            for other in others:
                most |= Counter(_grams(other, range(order, order + 1)))
            hits = own & most
            information += sum(hit * math.log2(counts[gram[:-1]] / counts[gram]) for gram, hit in hits.items())
            grams += own.total()
        score += information / grams if grams else 0.0
    length = sum(map(len, said))
    mean = sum(sum(map(len, each)) / len(each) for each in wanted)
    return score * _brevity(length / mean)


def _brevity(ratio: float) -> float:
    return math.exp(-_NIST_BETA * math.log(ratio) ** 2) if 0 < ratio < 1 else float(ratio >= 1)


def rouge_l(texts: Sequence[str], references: References) -> float:
    """ROUGE-L, 0 to 100: the mean over all texts as the COCO captions' script has it (Chen et al., 2015).

    For each text it takes the highest precision and the highest recall among the references, weighs recall with
    β = 1.2, and counts words alone.
    """
    return 100 * sum(map(_rouge_of, texts, references)) / len(texts)


def _rouge_of(text: str, references: Sequence[str]) -> float:
    said = _words(text)
    wanted = [_words(each) for each in references]
    common = [LCSseq.similarity(said, each) for each in wanted]
    precision = max(common) / max(1, len(said))
    recall = max(both / max(1, len(each)) for both, each in zip(common, wanted, strict=True))
    if not precision:
        return 0.0
    return (1 + _ROUGE_BETA**2) * precision * recall / (recall + _ROUGE_BETA**2 * precision)


def _tokens(text: str) -> list[str]:
    return str(_tokenizer(text)).lower().split()


def _words(text: str) -> list[str]:
    return [token for token in _tokens(text) if any(map(str.isalnum, token))]


def _grams(tokens: Sequence[str], orders: range) -> Iterator[tuple[str, ...]]:
    return (tuple(tokens[at : at + n]) for n in orders for at in range(len(tokens) - n + 1))
