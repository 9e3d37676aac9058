"""What a language model writes as plain text: encoding repaired, chat markers, HTML and markdown taken away."""

from __future__ import annotations

import html
import re
from functools import lru_cache

import ftfy
import nh3

from shared.text import printable

_REPAIRS = ftfy.TextFixerConfig(uncurl_quotes=False, unescape_html=False, fix_character_width=False)


def repaired(text: str) -> str:
    """Mojibake repaired, in NFC, without control, zero-width and direction-changing characters.

    Typographic quotes and full-width punctuation stay. Lines end in ``\\n``.
    """
    if text.isascii() and text.replace("\n", " ").isprintable():
        return text
    return printable(ftfy.fix_text(text, _REPAIRS)).replace("\ufffd", "").replace("\t", " ")


_THOUGHT = re.compile(r"\A.*</think(?:ing)?>|<think(?:ing)?>.*\Z", re.DOTALL)
_ROLE = r"(?i:assistant|user|system|human|assistent|benutzer|asistente|usuario|助手|用户)"
_SPECIAL = r"<\|[^|<>\n]{1,40}\|>|</?s>|\[/?INST\]|<</?SYS>>|</?(?:start|end)_of_(?:turn|text)>"
_LINE = r"^[^\w\n]*"
_MARKER = rf"(?:{_SPECIAL}|{_LINE}{_ROLE}[ ]*(?:[:：]|$)|^[ ]*#+[ ]*(?i:instruction|response|input)[ ]*:)"
_OPENING = re.compile(rf"\A(?:\s*{_MARKER}[ ]*{_ROLE}?[ ]*$|\s*{_MARKER})+", re.MULTILINE)
_CUT = re.compile(rf"{_MARKER}|(?<=[.!?。！？])[ ]*(?:Assistant|User|System|Human|助手|用户)[ ]*[:：]", re.MULTILINE)


def before_markers(text: str) -> str:
    """The first turn of a text: what stands before the next chat marker: ``<|im_end|>``, ``[INST]``, ``User:``.

    Markers at the very beginning open the turn and are taken away, and so is a reasoning model's ``<think>`` part.
    """
    turn = _OPENING.sub("", _THOUGHT.sub("", text))
    cut = _CUT.search(turn)
    return turn[: cut.start()] if cut else turn


def plain(text: str) -> str:
    """A text without HTML and markdown; scripts and styles go with their content, ``5 < 6 mm`` stays.

    A ``<`` that could still open a tag is followed by a space, so that the result is inert even in a page that forgets
    to escape it. It remains plain text: escape it where it is shown.
    """
    while len(plainer := _stripped(text)) < len(text):
        text = plainer
    return _TAG_START.sub("< ", plainer)


_TAG_START = re.compile(r"<(?=[/!?A-Za-z])")
_HTML = re.compile(r"[<&\r\0]")  # what a reader of HTML takes for anything else than text
_UNCLOSED = re.compile(r"<(?=[/!?A-Za-z])(?![^<>]*>)")
_BLOCK = re.compile(r"<(?:br|hr|li|tr|/?(?:p|div|ul|ol|table|section|article|h[1-6]))\b[^<>]*>", re.IGNORECASE)

_MARKDOWN = (
    (re.compile(r"^[ ]*(?:```|~~~).*$", re.MULTILINE), ""),
    (re.compile(r"^[ ]*(?:[-=*_][ ]*){3,}$", re.MULTILINE), ""),
    (re.compile(r"^[ ]*#{1,6}[ ]+", re.MULTILINE), ""),
    (re.compile(r"^[ ]*>[ ]+(?=\D)", re.MULTILINE), ""),
    (re.compile(r"^[ ]*(?:[-*+•▪◦‣●]|\d{1,2}[.)])[ ]+", re.MULTILINE), ""),
    (re.compile(r"!?\[([^\[\]\n]*)\]\([^()\n]*\)"), r"\1"),
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+)(?<=[^\s*])\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<![\w_])_(?=[^\s_])([^_\n]+)(?<=[^\s_])_(?![\w_])"), r"\1"),
    (re.compile(r"`+"), ""),
    (re.compile(r"\*\*+"), ""),
)


def _stripped(text: str) -> str:
    """One layer of markup less. Entities can hide tags, so :func:`plain` repeats this for as long as it finds any."""
    if _HTML.search(text):
        text = _UNCLOSED.sub("< ", _BLOCK.sub("\n", text))
        text = html.unescape(nh3.clean(text, tags=set()))
    text = repaired(text)
    for pattern, replacement in _MARKDOWN:
        text = pattern.sub(replacement, text)
    return text


_QUOTES = ('""', "“”", "„“", "””", "«»", "»«", "「」", "『』", "‘’")
_ANY_QUOTE = re.compile(r'["“”„«»「」『』]')
_INCH_MARK = re.compile(r'(?<=\d)"')


def unquoted(sentence: str) -> str:
    """A sentence without the quotes around the whole of it, nor a single one at its start or end.

    An inch mark (``16"``) is no quote, and two quoted parts (``"A" and "B"``) stay as they are.
    """
    text = sentence.strip()
    quotes = _INCH_MARK.sub(" ", text)
    first, inner, last = quotes[:1], quotes[1:-1], quotes[1:][-1:]
    if first + last in _QUOTES and first not in inner and last not in inner:
        return unquoted(text[1:-1])
    if len(_ANY_QUOTE.findall(quotes)) > 1:
        return text
    start, end = bool(_ANY_QUOTE.match(first)), bool(_ANY_QUOTE.match(last))
    return text[start : len(text) - end].strip()


_SPACING = (
    (re.compile(r"[^\S\n]+"), " "),
    (re.compile(r"([!?,;:。！？，、；：])(?:[ ]?\1)+"), r"\1"),
    (re.compile(r"([!?])[!?]+"), r"\1"),
    (re.compile(r"(?<!\.)\.\.(?!\.)"), "."),
    (re.compile(r"\.{4,}"), "..."),
    (re.compile(r"[ ]+(?=[,.;:!?…]+(?:\s|$))"), ""),
)


def tidy(text: str) -> str:
    """White space normalised, line by line; repeated punctuation reduced; lines without a word dropped."""
    for pattern, replacement in _SPACING:
        text = pattern.sub(replacement, text)
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if any(character.isalnum() for character in line))


@lru_cache(maxsize=1_024)
def plain_line(name: str) -> str:
    """The name of a product as copy writes it: :func:`plain` and :func:`tidy`."""
    return tidy(plain(name))
