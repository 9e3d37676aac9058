"""Every score with its range, formula, source and version: what ``shelftalk scores list`` and analysts read.

Change a formula and its ``version`` here must change with it. :data:`SCORES_VERSION` then changes as well; it is
recorded with every description, so that nobody compares what was reckoned differently.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from shared.scoring.composite import ERRORS, WEIGHTS


@dataclass(frozen=True)
class Definition:
    """What one score means. ``best`` is its best value, or says which way is better."""

    name: str
    range: str
    best: str
    formula: str
    source: str
    version: int = 1


_SHARE = "0 to 1"
_COMPOSITE = " + ".join(
    f"{weight:.2f} {f'(1 - {name})' if name in ERRORS else name}" for name, weight in WEIGHTS.items()
)

DEFINITIONS = (
    Definition(
        "attribute_coverage",
        _SHARE,
        "1",
        "attributes stated / attributes to state; 1 when there is none. Stated: supported spans of it hold at least "
        "half of the content words of its value or of another approved wording",
        "slot coverage of data-to-text generation",
        version=2,
    ),
    Definition(
        "attribute_recall",
        _SHARE,
        "1",
        "mean over the facts of LCS(value, text) / words of the value; a yes or no is told by its attribute's name",
        "PARENT's recall of the table: Dhingra et al. 2019, arXiv 1906.01081",
    ),
    Definition(
        "grounded_precision",
        _SHARE,
        "1",
        "content words outside unsupported spans / content words",
        "PARENT's entailed precision for single words, without reference, entailment by the fact check: Dhingra et al. "
        "2019",
    ),
    Definition(
        "parent_f",
        "0 to 1, or none without reference",
        "1",
        "harmonic mean of entailed precision (n-grams of 1 to 4 words) and the geometric mean of the recalls of "
        "reference and table (λ = 0.5); word-overlap entailment; the best reference counts",
        "PARENT: Dhingra et al. 2019, arXiv 1906.01081",
    ),
    Definition(
        "slot_error_rate",
        "0 or more",
        "0",
        "(missing + wrong + repeated slots) / slots to state; slots are the title and the attributes to state, found "
        "by the fact check",
        "ERR = (p + q) / N: Wen et al. 2015 (RNNLG), arXiv 1508.01745",
    ),
    Definition(
        "numeric_fidelity", _SHARE, "1", "numbers within supported spans / numbers; 1 without numbers", "our own"
    ),
    Definition("unsupported_spans", "0 or more", "0", "number of statements without evidence", "our own"),
    Definition(
        "repetition",
        _SHARE,
        "0",
        "1 - different 4-grams / 4-grams of words",
        "seq-rep-4: Welleck et al. 2020, arXiv 1908.04319",
    ),
    Definition(
        "near_duplicate",
        _SHARE,
        "0",
        "highest Jaccard similarity of word 3-shingles to the published copy of another product in the same profile; "
        "0 where none is alike",
        "Broder 1997; candidates by MinHash with 20 bands of 6: Indyk and Motwani 1998",
    ),
    Definition(
        "source_copying",
        _SHARE,
        "0",
        "words within runs of 8 or more that stand so in the supplier's text / words; 0 without such a text",
        "after greedy string tiling: Wise 1993",
    ),
    Definition(
        "readability",
        "0 or more, or none",
        "lower is easier",
        "LIX = words / sentences + 100 × words of more than 6 letters / words; none in Chinese and Japanese, whose "
        "words no space parts, and for an empty text",
        "Björnsson 1968",
    ),
    Definition(
        "length_fit",
        _SHARE,
        "1",
        "1 within the profile's words and characters; words / min_words below; falling to 0 at twice a bound above; "
        "the worse of the two",
        "our own",
        version=2,
    ),
    Definition(
        "keyword_recall",
        "0 to 1, or none without keywords",
        "1",
        "keywords of the profile in the text, in any form of their words / keywords",
        "our own",
    ),
    Definition(
        "keyword_density",
        "0 to 1, or none without keywords",
        "no best",
        "words within keywords / words of the text",
        "keyword density as search engine optimisation has it",
    ),
    Definition(
        "compliance",
        _SHARE,
        "1",
        "1 without hits of the profile's rules, 0 with one that blocks, else 0.5^r × 0.95^n; r and n are the numbers "
        "of rules with hits of severity review and note",
        "our own; shared/rules/hits.py",
    ),
    Definition(
        "language_match",
        _SHARE,
        "1",
        "probability of the profile's language among the languages of the prompts, without the words of the facts; 1 "
        "with fewer than 6 words left",
        "langid.py: Lui and Baldwin 2012, as py3langid",
    ),
    Definition(
        "pii",
        "yes or no",
        "no",
        "holds an e-mail or web address, a telephone number or an IBAN that the profile does not allow",
        "our own; ISO 13616 for the IBAN",
        version=2,
    ),
    Definition("refusal", "yes or no", "no", "the model declined, or answered something else", "the pipeline"),
    Definition("confidence", _SHARE, "1", "exp of the mean log-probability of the tokens", "the engine"),
    Definition(
        "p_accept",
        "0 to 1, or none until there are enough decisions",
        "1",
        "probability that a curator approves it unchanged: isotonic regression of the decisions on quality",
        "Zadrozny and Elkan 2002; pool adjacent violators: Ayer et al. 1955",
    ),
    Definition("quality", _SHARE, "1", f"{_COMPOSITE}; 0 when refused or empty", "our own weights", version=2),
)

SCORES_VERSION = hashlib.sha256(
    "\n".join(f"{score.name} {score.version}" for score in DEFINITIONS).encode()
).hexdigest()[:12]
"""A digest of the versions of all scores."""
