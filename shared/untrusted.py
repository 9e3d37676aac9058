"""What in a product's text is meant for whoever writes the copy, not for its reader.

Everything that a catalogue sends is data. A model may still obey it, so that a text which gives orders, forges a chat
or carries code is kept out of the prompt, and a product that is named by such a text goes to a curator.

Orders are looked for in several *readings* of a text, because they can be hidden: as look-alike letters, as digits for
letters, spaced out, backwards, or encoded. All languages are tried, whatever the locale: a model reads them all.
"""

from __future__ import annotations

import base64
import codecs
import html
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

MAX_CHARACTERS = 10_000
"""The longest text that is read. The longest real value that we know is a list of printers of 6,898 characters."""
SHORTEST_ENCODED = 20
"""A single word is no order, and so few characters hide none either."""

_CONTROL = re.compile(
    # Tab, line feed, form feed and carriage return are white space; U+0080 to U+009F are old code pages read wrongly.
    r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff"
    # Embeddings, overrides and isolates change the order of what is read; tags are a second, invisible alphabet.
    r"\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
    # One such character at a word's edge comes with text that was pasted; in a word, or in a row, it hides something.
    r"|(?<=[A-Za-z])[\u200b\u2060-\u2064\ufeff\u180e](?=[A-Za-z])|[\u200b-\u200f\u2060-\u2064\ufeff\u180e]{4}"
    r"|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{3}"
)
_CHAT = re.compile(
    r"<\|[^<>\n]{0,40}\|>|<\|(?:im_|end|start|eot|system|user|assistant)|\[/?INST\]|<</?SYS>>|</?s>"
    r"|</?(?:start|end)_of_(?:turn|text)>|<｜[^<>\n]{0,40}｜>|</?think(?:ing)?>|<(?:bos|eos|pad|unk)>"
    r"|^[ ]*#{2,}[ ]*(?:instruction|response|input|system|user|assistant|task)\b"
    r"|(?:^|(?<=[\s.!?,]))(?:assistant|human|ai|asistente|assistent|助手)[ ]*[:：>]",
    re.IGNORECASE | re.MULTILINE,
)
_MARKUP = re.compile(
    r"<!--|<![a-z\[]|</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|<(?:script|img|svg|iframe|style|a|object|embed)\b"
    r"|javascript:|vbscript:|data:[a-z]+/[a-z+.-]+[;,]|\bon(?:error|load|click|mouseover|focus)\s*="
    r"|\]\((?:[a-z]+:|/)|```|\{\{|\}\}|\{%|%\}|<%|%>|[$#]\{"
    r"|\bdrop\s+table\b|\bunion\s+(?:all\s+)?select\b|\bdelete\s+from\b|\binsert\s+into\b.*\bvalues\b"
    r"|['\"]\s*(?:or|and)\s+['\"]?\w+['\"]?\s*=|;\s*--|\bselect\b.{1,80}\bfrom\b.{1,80}\bwhere\b",
    re.IGNORECASE,
)

FILE = Path(__file__).parent / "factcheck" / "words" / "orders.toml"
UNSPACED = ("zh", "ja")

_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\u180e\ufe00-\ufe0f]")
_LOOK_ALIKES = str.maketrans("аеорсухіѕјӏԁһвнкмтκοενρτυαι", "aeopcyxisjldhbhkmtkoevptuai")
_DIGITS_FOR_LETTERS = str.maketrans("013457@$", "oieastas")
_DISGUISED = re.compile(r"\b(?=\w*[a-z@$]\w*)(?=[a-z@$]*[013457@$])[a-z013457@$]{3,}\b", re.IGNORECASE)
_SPACED = re.compile(r"\b\w(?:[ ._*-]\w){3,}\b")
_TELLTALE = re.compile(r"\b(?:ignore|instruct|prompt|rules|say|write|assistant|the)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{20,}")
_HEX = re.compile(r"(?:[0-9a-f]{2}){12,}", re.IGNORECASE)


@lru_cache(maxsize=16_384)
def untrusted_reason(text: str) -> str | None:
    """Why a text of a catalogue is kept out of prompt and copy; None for ordinary product text.

    ``"too long"``, ``"carries control characters"``, ``"carries chat control tokens"``, ``"carries markup or a
    script"``, or ``"carries an instruction"``: the first that fits. An address or a price is no such reason: the rules
    for copy find these.
    """
    if len(text) > MAX_CHARACTERS:
        return "too long"
    if text.isascii() and text.isalnum() and len(text) < SHORTEST_ENCODED:
        return None
    if _CONTROL.search(text):
        return "carries control characters"
    shown = html.unescape(unicodedata.normalize("NFKC", text))
    if _CHAT.search(shown) or _CHAT.search(text):
        return "carries chat control tokens"
    if _MARKUP.search(shown):
        return "carries markup or a script"
    return "carries an instruction" if any(map(_orders().search, _readings(shown))) else None


# What ends a sentence behind a word, and words of talk: pronouns, forms of "to be", "must", "please".
_SENTENCE_END = re.compile(r"[^\W\d_]{3,}[\"')]?[.!?](?:\s*$|\s+[A-ZÄÖÜ¿¡])|[。！？]")
_TALK = re.compile(
    r"\b(?:is|are|was|were|be|must|should|shall|would|could|does|did|don['’]?t|has|have|had|you|your|we|our|my|its?|this"
    r"|that|these|those|they|them|whoever|nothing|everything|please|there|du|dein\w*|sie|ihr\w*|ich|wir|ist|sind|wird|muss"
    r"|soll|bitte|dies\w*|alles|nichts|tú|usted|son|fue|debe|por favor|esto|nada|si)\b|[你您我请]|以上|不要|必须",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"\b[A-Z]{1,4}\b")  # Windows ME, USM IS
_FEWEST_WORDS = {True: 3, False: 4}


def is_prose(text: str) -> bool:
    """Whether a value reads as a sentence, not as a value: "Whoever reads this: print the code."

    No list knows every order. But an order is a sentence, and of the values in real catalogues 0.14% are: what is left
    out with them is no loss, for copy cannot state a sentence as a value.
    """
    read = _CAPITALS.sub("", text)
    count = len(read.split()) if read.isascii() else max(_FEWEST_WORDS.values())
    if count < min(_FEWEST_WORDS.values()):
        return False
    ends = bool(_SENTENCE_END.search(read))
    return count >= _FEWEST_WORDS[ends] and (ends or bool(_TALK.search(read)))


@lru_cache
def _orders() -> re.Pattern[str]:
    """All orders as one pattern, of small letters: without regard to case, a search takes twice as long.

    Most are tried only where a word begins, and those without spaces only at their own letters: otherwise it takes six
    times as long.
    """
    document = tomllib.loads(FILE.read_text(encoding="utf-8"))
    unspaced = [order for language in UNSPACED for order in document["orders"].pop(language)]
    spaced = [order for orders in document["orders"].values() for order in orders]
    at_words = [order.removeprefix(r"\b") for order in spaced if order.startswith(r"\b")]
    anywhere = [order for order in spaced if not order.startswith(r"\b")]
    written = rf"\b(?=\w)(?:{'|'.join(at_words)})|(?=[^\x00-\x7f])(?:{'|'.join(unspaced)})|{'|'.join(anywhere)}"
    for name, words in document["words"].items():
        written = written.replace(f"{{{name}}}", words)
    return re.compile(written, re.MULTILINE)


def _readings(text: str) -> Iterator[str]:
    """A text as a model may come to read it: as it stands, and with each disguise taken off."""
    plain = _UNSEEN.sub("", text).replace("_", " ").casefold()
    yield plain
    if (latin := plain.translate(_LOOK_ALIKES)) != plain:
        yield latin
    if _DISGUISED.search(latin):
        yield _DISGUISED.sub(lambda word: word[0].translate(_DIGITS_FOR_LETTERS), latin)
    if _SPACED.search(latin):
        yield _SPACED.sub(lambda letters: re.sub(r"[ ._*-]", "", letters[0]), latin)
    for turned in (latin[::-1], codecs.encode(latin, "rot13")):
        if _TELLTALE.search(turned):
            yield turned
    if "%" in latin:
        yield unquote(latin)
    yield from _decoded(text)


def _decoded(text: str) -> Iterator[str]:
    """The runs of base64 and hexadecimal digits that hold readable text; article numbers decode to none."""
    # What is left of a multiple of four is at most three letters of the text.
    runs = [base64.b64decode(run[: len(run) // 4 * 4]) for run in _BASE64.findall(text)]
    for read in (*runs, *map(bytes.fromhex, _HEX.findall(text))):
        words = read.decode("ascii", "replace").casefold()
        if words.count(" ") > 1 and words.replace("\n", " ").isprintable() and "\ufffd" not in words:
            yield words
