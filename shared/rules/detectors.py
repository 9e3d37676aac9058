"""What rules can find by form instead of by words: personal data, prices, markup, shouting.

Every pattern has bounded repeats, so that no text makes it slow.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping

from shared.rules.matching import Folded, Place, matches

_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}+(?:@| ?[\[(] ?at ?[\])] ?)[\w-]{1,63}+"
    r"(?:(?:\.| ?[\[(] ?dot ?[\])] ?)[\w-]{1,63}+){1,5}",
    re.IGNORECASE,
)
# With endings that are no words: "made of steel.It is" lacks a space, and is no address.
_HOST = (
    r"(?<![\w@./-])(?!www\.)(?:[a-z0-9-]{2,63}+\.){1,4}"
    r"(?:com|net|org|info|biz|shop|store|eu|de|cn|co\.uk|uk|fr|nl|ch|xyz)(?![\w-]|\.\w)"
)
_URL = re.compile(
    r"\b(?:https?|ftp)://[^\s<>\"]{1,500}+|(?<![\w.])www\.[^\s<>\"]{3,500}+"
    r"|(?<![\w@.-])[a-z][a-z0-9-]{1,62}+\.(?:ly|gl|co|me|to|be|gg)/[\w-]{2,100}+"
    rf"|{_HOST}/[^\s<>\"]{{0,500}}+",
    re.IGNORECASE | re.ASCII,
)
_DOMAIN = re.compile(rf"{_HOST}(?!/)", re.IGNORECASE | re.ASCII)
_PHONE = re.compile(
    r"(?<![\w+])\+(?=[ (]?\d)(?:[ .()/-]{0,2}+\d){8,15}+(?!\w)"  # with its country
    r"|(?<!\w)\(\d{3}\) ?\d{3}[-. ]\d{4}(?!\w)"  # American
    r"|(?<![\w.-])(?:1-)?\d{3}(?:-\d{3}-|\.\d{3}\.)\d{4}(?![\w-]|\.\d)"
    r"|(?<![\w.-])(?:1[3-9]\d([ -]?)\d{4}\1\d{4}|400[ -]\d{3}[ -]\d{4}|0\d{2,3}-\d{7,8})(?![\w-]|\.\d)"  # Chinese
    r"|(?<![\w.-])0(?:800|900|180\d?)[ /-]\d(?:[ /-]?\d){5,9}+(?![\w-])"  # German services
    r"|(?:\b(?:tel(?:[eé]fono|efon)?|phone|hotline|fax|whatsapp|wechat|call(?: us)?(?: at| on| now)?"
    r"|rufen sie(?: uns)?(?: an)?(?: unter)?|ll[aá]m[ae](?:nos)?(?: al)?)\b|电话|热线|致电|手机号?|微信号?)"
    r"(?: ?[.:：])?\s{0,3}+[\d(][\d ()./-]{5,20}\d",
    re.IGNORECASE,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")

_AMOUNT = r"\d{1,9}+(?:[.,'’ ]\d{1,3}){0,4}+(?:[.,][-–—]{1,2})?"
_SIGN = r"(?:US|CA|AU|NZ|HK|NT|R|S|C|A)?\$|[€£¥₹₩₽₺₫₱฿₴₪₿]"
_CODE = (
    r"(?:USD|EUR|GBP|CNY|RMB|JPY|CHF|CAD|AUD|INR|KRW|SEK|NOK|DKK|PLN|CZK|HUF|MXN|BRL|HKD|TWD|SGD|NZD|TRY|ZAR|RUB"
    r"|(?-i:Rs\.?|Fr\.|kr\.?|zł|Kč))"
)
_MONEY = (
    r"(?:(?:US )?dollars?|euros?|eur|bucks?|cents?|pence|pounds? sterling|quid|yuan|renminbi|yen|rupees?|rupien|pesos?"
    r"|franken|d[oó]lares|c[eé]ntimos?)"
)
_TELLS_PRICE = (
    r"(?:(?:price|rrp|msrp|preis|precio)s?|priced|costs?|kostet|kosten|cuestan?|for only|for just|now only|nur"
    r"|f[uü]r nur|por solo|por sólo)"
)
_NUMBER_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty"
    r"|ninety|hundred|thousand|zehn|zwanzig|dreißig|vierzig|fünfzig|hundert|tausend|diez|veinte|treinta|cuarenta"
    r"|cincuenta|cien|mil)"
)
# In groups by what they begin with, so that most places of a text are done with at a glance.
_PRICE = re.compile(
    rf"(?:{_SIGN})\s?{_AMOUNT}"
    rf"|(?=\d)(?:(?<![\w.,])(?:{_AMOUNT}\s?(?:{_SIGN}|¢)|{_AMOUNT}\s?(?:{_CODE}|{_MONEY})(?![\w-])"
    r"|\d{1,6}+,[-–—]{1,2}(?=[\s.!]|$))"
    r"|\d{1,9}+(?:[.,]\d{1,3}){0,3}+\s?[万千]?\s?(?:元(?![素件器组])|块钱|人民币|美元|欧元|港币|日元))"
    rf"|\b(?=[^\W\d_])(?:(?<!-){_CODE}\s?{_AMOUNT}|{_NUMBER_WORD}[ -]{_MONEY}(?![\w-])"
    rf"|{_TELLS_PRICE}(?: (?:is|of|at|from|only|just|ist|von|ab|nur|es|de|desde|solo)){{0,2}}:? "
    r"\d{1,6}+[.,](?:\d\d|[-–—]{1,2})(?![\w%]|[.,]\d| ?(?:%|[a-zA-Zµ°]))"
    r"|(?:price|rrp|msrp|preis|precio): ?\d{1,6}+(?![\w%]))"
    r"|(?=[^\x00-\x7f])(?:[一二三四五六七八九十百千万两零〇]{2,8}+(?:元(?![素件器组])|块钱|美元|欧元)"
    r"|(?:售价|仅售|特价|价格|只要|现价|到手价)(?:为|是|仅|只|：|:)?\s?\d{1,6}+元?)",
    re.IGNORECASE,
)
_TAG = r"</?[a-z][a-z0-9-]{0,20}+(?:[\s/][^<>]{0,1000}+)?>|<!--|<!doctype"
_HTML = re.compile(rf"{_TAG}|&(?:[a-z]{{2,8}}|#\d{{1,6}}|#x[0-9a-f]{{1,6}});", re.IGNORECASE)
_ACTIVE = re.compile(
    r"</?(?:script|iframe|object|embed|style|link|meta|form|input|svg|base)\b[^<>]{0,1000}+>?"
    r"|<[a-z][^<>]{0,500}?\son[a-z]{3,20}\s{0,3}=|\b(?:javascript|vbscript):|\bdata:text/html",
    re.IGNORECASE,
)
_CHAT_TOKEN = re.compile(
    r"<\|[^|<>]{1,40}+\|>|\[/?INST\]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>|<unused\d{1,4}>", re.IGNORECASE
)
_EMOJI = re.compile(r"[\U0001F1E6-\U0001F1FF\U0001F300-\U0001FAFF\u2600-\u27bf\u2b50\u2b55]+")
# They turn the reading direction, or stand unseen between letters. The joiners of emoji and of Indic letters do not.
_LAYOUT = re.compile(r"[\n\t]")
_UNSEEN = "\u00ad\u200b\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def _found_by(pattern: re.Pattern[str]) -> Callable[[Folded], Iterator[Place]]:
    return lambda text: matches(pattern, text)


def _ibans(text: Folded) -> Iterator[Place]:
    """International bank account numbers (ISO 13616) whose checksum holds."""
    for match in _IBAN.finditer(text.text):
        account = match[0].replace(" ", "")
        digits = "".join(str(int(sign, 36)) for sign in account[4:] + account[:4])
        if 15 <= len(account) <= 34 and int(digits) % 97 == 1:
            yield text.raw_place(*match.span())


def _control_characters(text: Folded) -> Iterator[Place]:
    """What no reader should get: control characters, direction marks, and the control tokens of language models."""
    if not _LAYOUT.sub("", text.raw).isprintable():  # nothing that is printable is one of them
        for at, sign in enumerate(text.raw):
            if (sign not in "\n\t" and unicodedata.category(sign) in ("Cc", "Cs", "Co")) or sign in _UNSEEN:
                yield at, at + 1
    yield from matches(_CHAT_TOKEN, text)


DETECTORS: Mapping[str, Callable[[Folded], Iterator[Place]]] = {
    "e-mail": _found_by(_EMAIL),
    "phone": _found_by(_PHONE),
    "url": _found_by(_URL),
    "domain": _found_by(_DOMAIN),
    "price": _found_by(_PRICE),
    "iban": _ibans,
    "control characters": _control_characters,
    "html": _found_by(_HTML),
    "active html": _found_by(_ACTIVE),
    "emoji": _found_by(_EMOJI),
}
"""What a rule's ``detect`` may name."""

PERSONAL = ("e-mail", "phone", "iban")
"""Personal data: neither evidence nor an exception excuses it."""


def all_capitals(text: Folded, letters: int) -> Iterator[Place]:
    """Words of at least so many letters that are all capitals."""
    for match in re.finditer(rf"(?<![\w-])[^\W\d_]{{{letters},60}}(?![\w-])", text.text):
        if match[0].isupper():
            yield text.raw_place(*match.span())


def repeated_punctuation(text: Folded, marks: int) -> Iterator[Place]:
    """At least so many exclamation and question marks in a row, or so many and two more of another mark."""
    return matches(re.compile(rf"[!?]{{{marks},}}|(?:\*{{{marks + 1},}}|~{{{marks},}}|\.{{{marks + 2},}})"), text)


def beyond_characters(text: Folded, most: int) -> Iterator[Place]:
    """What goes on after so many characters."""
    if len(text.raw) > most:
        yield most, len(text.raw)


def beyond_line(text: Folded, most: int) -> Iterator[Place]:
    """What goes on after so many characters of a line."""
    start = 0
    for line in text.raw.split("\n"):
        if len(line) > most:
            yield start + most, start + len(line)
        start += len(line) + 1


def beyond_words(text: Folded, most: int) -> Iterator[Place]:
    """What goes on after so many words."""
    from shared.text import words

    found = words(text.raw)
    if len(found) > most:
        start = 0
        for word in found[: most + 1]:
            at = text.raw.index(word, start)
            start = at + len(word)
        yield at, len(text.raw)


LIMITS: Mapping[str, Callable[[Folded, int], Iterator[Place]]] = {
    "max_characters": beyond_characters,
    "max_line_characters": beyond_line,
    "max_words": beyond_words,
    "all_capitals": all_capitals,
    "repeated_punctuation": repeated_punctuation,
}
"""The limits a rule may set, by the name of its member."""
