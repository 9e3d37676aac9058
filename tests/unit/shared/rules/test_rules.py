"""Rule packs: what each finds and what passes, where exactly, and what is said of a broken one."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConfigurationError
from shared.factcheck.evidence import Span
from shared.profiles import Profile
from shared.rules.hits import MAX_CHARACTERS, Hit, RulePack, check_names, compliance, load_pack, load_packs, rule_hits
from shared.rules.matching import phrases
from shared.settings import ROOT

PACKS = load_packs(ROOT / "rules")


def profile(*packs: str, **fields: Any) -> Profile:
    return Profile(name="page", version="1", rules=packs or ("general",), **fields)


def found(text: str, pack: str, locale: str = "en", **fields: Any) -> dict[str, str]:
    """The texts that the rules of a pack hit, by rule."""
    hits = rule_hits(text, profile(pack, locale=locale, **fields), PACKS)
    return {hit.rule: hit.text for hit in reversed(hits)}


HITS = """
general en e-mail | Write to info@norrland.example.com for parts. | info@norrland.example.com
general en e-mail | Write to info [at] norrland [dot] com. | info [at] norrland [dot] com
general en e-mail | Ask ｉｎｆｏ＠norrland.com. | ｉｎｆｏ＠norrland.com
general en phone | Call +49 30 1234567 today. | +49 30 1234567
general en phone | Call 555-123-4567. | Call 555-123-4567
general zh phone | 热线：400-123-4567。 | 热线：400-123-4567
general en url | See https://norrland.com/kettle for more. | https://norrland.com/kettle
general en url | See www.norrland.se for more. | www.norrland.se
general en domain | More at norrland.com. | norrland.com
general en iban | Pay to DE89 3704 0044 0532 0130 00 only. | DE89 3704 0044 0532 0130 00
general en price | The kettle is $49.99. | $49.99
general en price | The kettle costs 49.99. | costs 49.99
general en price | The kettle is for sale at forty dollars. | forty dollars
general en price | Price: 49 | Price: 49
general en price | Only USD 1,299.00 now. | USD 1,299.00
general de price | Der Kocher kostet 49,99 €. | kostet 49,99
general de price | Nur 49,- | Nur 49,-
general es price | Por 49,99 euros. | 49,99 euros
general zh price | 售价99元。 | 售价99元
general zh price | 九十九元。 | 九十九元
general en control-characters | Black\u202ekettle | \u202e
general en control-characters | A kettle <|im_end|> | <|im_end|>
general en active-html | A kettle <script | <script
general en html | A <b>black</b> kettle. | <b>
general en speaks-as-ai | As an AI, I think it boils. | As an AI
general de speaks-as-ai | Als KI-Sprachmodell weiß ich es. | Als KI-Sprachmodell
general es speaks-as-ai | Como modelo de lenguaje, digo. | Como modelo de lenguaje
general zh speaks-as-ai | 作为人工智能，我推荐。 | 作为人工智能
general en speaks-of-prompt | Here is the product description: a kettle. | Here is the product description
general en speaks-of-prompt | Based on the facts provided, it is black. | Based on the facts provided
general en shipping | Free shipping on this kettle. | Free shipping
general de shipping | Versandkostenfreie Lieferung. | Versandkostenfreie
general es shipping | Con envío gratis. | envío gratis
general zh shipping | 全国包邮。 | 包邮
general en discount | Big discounts on kettles. | discounts
general en discount-in-percent | Now 20% off. | 20% off
general zh discount-in-percent | 现在8折。 | 8折
general en stock | Order now while it lasts. | Order now
general en competitor-comparison | Better than Dyson. | Better than Dyson
general en competitor-comparison | Quieter than other kettles. | Quieter than other
general de competitor-comparison-de | Besser als Bosch. | Besser als Bosch
general es competitor-comparison-es | Mejor que Bosch. | Mejor que Bosch
general zh competitor-comparison-zh | 优于同类产品。 | 优于同类产品
us en unqualified-superlative | The world's first kettle. | world's first
us en unqualified-superlative | The b\u00adest kettle. | b\u00adest
us en superlative-form | Our most comfortable chair. | Our most comfortable
us en disease | It cures arthritis. | cures arthritis
us en disease | Tea that helps to prevent the common cold. | prevent the common cold
us en disease | Lowers high blood pressure. | Lowers high blood pressure
us es disease | Previene la gripe. | Previene la gripe
us en health-proof | Clinically-proven comfort. | Clinically-proven
us en health-proof | FDA-approved handle. | FDA-approved
us en made-in-usa | Made in the USA. | Made in the USA
us en general-green-claim | An eco friendly kettle. | eco friendly
us en specific-green-claim | Biodegradable cup. | Biodegradable
eu en generic-environmental-claim | Eco-friendly kettle. | Eco-friendly
eu de generic-environmental-claim | Ein umweltfreundlicher Kocher. | umweltfreundlicher
eu es generic-environmental-claim | Botella ecológica. | ecológica
eu en climate-neutral | A climate-neutral bag. | climate-neutral
eu de climate-neutral | Klimaneutral hergestellt. | Klimaneutral
eu es climate-neutral | Neutro en carbono. | Neutro en carbono
eu de biodegradable | Biologisch abbaubarer Becher. | Biologisch abbaubarer
eu en green | A greener future for tea. | greener future
eu de disease | Lindert Schmerzen. | Lindert Schmerzen
eu es disease | Alivia el dolor. | Alivia el dolor
eu de health-claim | Stärkt das Immunsystem. | Stärkt das Immunsystem
cn zh absolute-terms | 这是最好的水壶。 | 最
cn zh absolute-terms | 国家级工艺。 | 国家级
cn zh absolute-terms | 全球首发。 | 全球首发
cn zh absolute-terms | 极致体验。 | 极致
cn zh absolute-terms | 销量第一。 | 第一
cn zh absolute-terms | 唯一选择。 | 唯一
cn zh figure-without-evidence | 最大承重50公斤。 | 最大承重50
cn zh medical-terms | 可治疗失眠。 | 治疗
cn zh absolute-terms | 最先进的技术。 | 最
cn zh absolute-terms | 全球领先技术。 | 全球领先
cn zh state-authority | 人民大会堂同款。 | 人民大会堂
marketplace en capitals | An AMAZING kettle. | AMAZING
marketplace en repeated-punctuation | What a kettle!! | !!
marketplace en emoji | A kettle 🔥 for tea. | 🔥
marketplace en promotion | Perfect gift for tea lovers. | Perfect gift
marketplace en elsewhere | Visit our website. | Visit our website
marketplace zh promotion | 爆款水壶。 | 爆款
decency en obscenity | A fucking kettle. | fucking
decency de obscenity | Ein Scheiß Kocher. | Scheiß
decency es obscenity | Una mierda. | mierda
decency zh obscenity | 傻逼水壶。 | 傻逼
decency en slur | For retards. | retards
decency de slur | Für Kanaken. | Kanaken
decency es slur | Para sudacas. | sudacas
decency zh insult | 蠢货才不买。 | 蠢货
decency en violence | Go kill yourself. | kill yourself
decency en insult | Even an idiot can boil water. | idiot
"""

PASSES = """
general en | A black kettle of 1.7 l with 2200 W.
general en | Model K2.5, GTIN 0885909950805, 93 x 24.5 cm.
general en | The board runs 12 V at 2,5 A and 50/60 Hz.
general en | Serial numbers run from 100-200-300 to 400.
general en | It weighs 12 pounds.
general en | Made of steel.It is grey.
general en | For point of sale; priced items are labelled.
general en | Costs 20 % less energy to run.
general en | AI noise reduction in the camera.
general en | Better than before, lighter than air, quieter than a whisper.
general en | A stock pot with prompt shut-off.
general en | Rated IP67 to 1.5 m @ 30 min.
general en | 5 < 6 and R&D; fits A&B.
general de | Passt auf eine Europalette; 3 Jahre Euro 6.
general de | Der Kocher fasst 1,7 l und ist leichter als 2 kg.
general es | El mejor momento es ahora, más de 2 litros.
general zh | 三元锂电池，容量为5000毫安。
general zh | 二元素合金，比热容高。
us en | Weed killer for lawns. Best before: see lid.
us en | Dog treats with salmon. Cured ham.
us en | Prevents rust. Treated pine. Relieves pressure on the valve.
us en | Works best at 20 C. A best man's tie.
us en | Protects you from the cold.
us en | Organic light emitting diodes.
us es | Mejor antes de junio.
eu en | A green kettle in dark green.
eu en | Economy rate, ecosystem tank, natural oak.
eu de | Ein grüner Kocher aus grünem Glas.
eu de | Behandelt mit Öl. Schützt vor Rost.
eu es | Un hervidor verde. Trata la madera.
cn zh | 最近上架，最后一步，第一次使用，第一步。
cn zh | 最小包装为一件，每台有唯一编号。
cn zh | 温度最高温度可调，最少需两人。
cn zh | 附万能胶和绝对值编码器。
cn zh | 黑色水壶，容量一升。
marketplace en | The HDMI and USB ports of the ASUS laptop.
marketplace en | One kettle! For tea…
marketplace en | A point of sale terminal.
marketplace en | Oak ™ and ® marks, 20 °C.
marketplace zh | 扫码枪支持二维码。
decency en | Weed killer and flea killer.
decency en | A Persian carpet from Scunthorpe.
decency en | A cocktail shaker for Essex, Sussex and Penistone.
decency en | A shuttlecock, a stopcock, a cockpit and a cock ring.
decency en | Spiced chai from Dick's of Cockermouth.
decency en | Assembled with brass, glass and class.
decency en | Shiitake in a Shih Tzu bowl; rape seed oil.
decency en | A killer whale toy, a moby dick book.
decency en | Flame retardant curtains.
decency en | A chink in the blinds, a dyke of sand, a blue tit.
decency en | A matt black, gay and merry lamp; queer studies.
decency en | An idiot-proof cap; drawers, chest and breast pocket.
decency de | Ein Negroni, ein Fuchsschwanz und ein Dickmann.
decency de | Unkrautvernichter und Hurrikanlampe.
decency de | Schamottsteine, Fickeisen und Scheibenwischer.
decency es | Una computadora, una disputa y un reputado chef.
decency es | Coñac, sartén y una concha de mar.
decency zh | 妈妈的水壶，傻瓜相机，去死角刷。
decency zh | 小鸡、干花、鸡胸肉。
decency zh | 除草剂杀虫剂。
us en | A persian carpet, an acne-shaped lamp, cold brew tea.
us en | Fights stains, reduces noise, cures in 20 minutes.
"""


def rows(table: str) -> list[tuple[str, ...]]:
    """The rows of a table: the words before the first bar, then what its bars part. ``\\u202e`` is the character."""
    written = [
        re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), row) for row in table.strip().split("\n")
    ]
    parted = [row.split(" | ") for row in written]
    return [(*cells[0].split(), *cells[1:]) for cells in parted]


@pytest.mark.parametrize(("pack", "locale", "rule", "text", "hit"), rows(HITS))
def test_a_phrase_against_a_rule_is_a_hit_of_that_rule_alone(
    pack: str, locale: str, rule: str, text: str, hit: str
) -> None:
    assert found(text, pack, locale) == {rule: hit}


@pytest.mark.parametrize(("pack", "locale", "text"), rows(PASSES))
def test_an_ordinary_trade_phrase_passes(pack: str, locale: str, text: str) -> None:
    assert found(text, pack, locale) == {}


def test_every_pack_names_its_source_and_every_rule_what_to_do_instead() -> None:
    assert set(PACKS) == {"general", "us", "eu", "cn", "marketplace", "decency"}
    for pack in PACKS.values():
        assert len(pack.source) > 20
        assert all(len(rule.message) > 8 for rule in pack.rules)


def span(text: str, part: str, attribute: str, kind: str = "exact") -> Span:
    start = text.index(part)
    return Span(start, start + len(part), part, attribute, part, kind)  # type: ignore[arg-type]


def us_rules(text: str, *spans: Span) -> set[str]:
    return {hit.rule for hit in rule_hits(text, profile("us"), PACKS, spans)}


def test_evidence_of_an_attribute_excuses_a_rule_that_says_so() -> None:
    text = "A towel of certified organic cotton."

    assert us_rules(text) == {"specific-green-claim"}
    assert us_rules(text, span(text, "organic cotton", "material")) == set()
    assert us_rules(text, span(text, "organic cotton", "title")) == {"specific-green-claim"}


def test_only_the_attributes_that_a_rule_names_excuse_it() -> None:
    text = "A pan made in the USA."

    assert us_rules(text, span(text, "USA", "country of origin")) == set()
    assert us_rules(text, span(text, "USA", "designed for")) == {"made-in-usa"}


def test_half_of_a_claim_without_evidence_is_still_a_hit() -> None:
    text = "An FDA approved handle."
    spans = [span(text, "FDA", "certification"), span(text, "approved", "", "unsupported")]

    assert us_rules(text, *spans[:1]) == set()
    assert us_rules(text, *spans) == {"health-proof"}


def test_a_brand_that_sounds_like_praise_is_no_praise() -> None:
    text = "A towel of Best Western."

    assert us_rules(text, span(text, "Best Western", "brand")) == set()


def test_a_brand_that_is_called_like_its_address_passes_as_the_brand_alone() -> None:
    text = "A cable of StarTech.com."
    held = profile("general", "marketplace")

    assert {hit.rule for hit in rule_hits(text, held, PACKS)} == {"domain", "external-domain"}
    assert rule_hits(text, held, PACKS, [span(text, "StarTech.com", "brand")]) == []
    assert found(text, "general", allowed=("url",)) == {}
    title = Span(11, 24, "StarTech.com", "title", "StarTech.com Cable", "exact")
    assert rule_hits(text, held, PACKS, [title]) == []
    assert rule_hits(text, held, PACKS, [replace(title, value="Cable of StarTech.com")]) != []


def test_a_chinese_figure_passes_with_the_attribute_that_holds_it() -> None:
    text = "最大承重50公斤。"
    evidence = [span(text, "50公斤", "最大承重")]

    assert not rule_hits(text, profile("cn", locale="zh"), PACKS, evidence)


def test_facts_never_excuse_personal_data() -> None:
    text = "Call +49 30 1234567 or info@norrland.com."
    spans = [span(text, "+49 30 1234567", "telephone"), span(text, "info@norrland.com", "contact")]
    hits = rule_hits(text, profile("general"), PACKS, spans)

    assert {(hit.rule, hit.severity) for hit in hits} == {("phone", "block"), ("e-mail", "block")}


def test_a_profile_allows_what_the_general_pack_forbids_and_no_other() -> None:
    text = "Now $49 at www.norrland.com."

    assert set(found(text, "general", allowed=("price",))) == {"url"}
    assert set(found(text, "general", allowed=("price", "url"))) == set()
    assert set(found(text, "marketplace", allowed=("url",))) == {"external-reference"}


def test_markup_is_a_hit_unless_the_profile_writes_html_and_script_always() -> None:
    assert found("<p>Black.</p>", "general", format="html") == {}
    assert found('<p onclick="go()">Black.</p>', "general", format="html") == {"active-html": "<p onclick="}


def test_the_words_of_the_profile_are_rules_of_its_own() -> None:
    held = profile("general", forbidden_words=("gadget",), required_words=("kettle", "tea"))
    hits = rule_hits("Gadgets for kettles.", held, PACKS)

    assert [(hit.pack, hit.rule, hit.severity, hit.text) for hit in hits] == [
        ("profile", "required_words", "review", ""),
        ("profile", "forbidden_words", "review", "Gadgets"),
    ]


def test_limits_depend_on_the_channel() -> None:
    ad = "x" * 91

    assert found(ad, "marketplace", channel="search ad") == {"ad-length": "x"}
    assert found(ad, "marketplace", channel="social post") == {}
    assert found("a" * 256 + "\nb", "marketplace", channel="marketplace bullet list") == {"bullet-length": "a"}


def test_an_unknown_pack_is_named_with_the_file_and_line_of_the_profile(tmp_path: Path) -> None:
    path = tmp_path / "page.toml"
    path.write_text('tone = "plain"\nrules = ["mars"]\n')
    with pytest.raises(ConfigurationError) as wrong:
        check_names(profile("mars"), PACKS, path)

    assert str(wrong.value).startswith(f"{path}: line 2: rules: there is no pack mars; use one of cn, ")


def test_a_pack_of_another_language_is_refused_instead_of_finding_nothing() -> None:
    with pytest.raises(ConfigurationError, match="profile page: rules: pack cn covers zh, not en; remove it"):
        rule_hits("A kettle.", profile("cn"), PACKS)


def test_compliance_falls_with_each_rule_and_is_nothing_with_a_blocking_one() -> None:
    def hit(rule: str, severity: str) -> Hit:
        return Hit("p", rule, severity, 0, 1, "x", "")  # type: ignore[arg-type]

    assert compliance([]) == 1
    assert compliance([hit("a", "review"), hit("a", "review")]) == 0.5
    assert compliance([hit("a", "review"), hit("b", "note")]) == pytest.approx(0.475)
    assert compliance([hit("a", "note"), hit("b", "block")]) == 0


def test_a_stored_pack_is_read_back_as_it_was() -> None:
    for pack in PACKS.values():
        assert RulePack.from_document(json.loads(json.dumps(pack.document()))) == pack
    with pytest.raises(ConfigurationError, match="stored rule pack old: title: Field required; activate the packs"):
        RulePack.from_document({"name": "old", "version": "1", "source": "x", "rules": []})


PIECES = st.sampled_from(
    [
        *"best best-before before eco-friendly $ 49 € @ norrland .com weed killer <b> !! AMAZING".split(),
        *"+49 30 1234567 cocktail 最 最近 最大承重 第一 第一次 . ，".split(),
        *["ｂｅｓｔ", "be\u00adst", "™", "é", "e\u0301", "🔥", "\u202e", "\ud800"],
    ]
)
TEXTS = st.lists(PIECES | st.just(" ") | st.characters(), max_size=30).map("".join)
EVERYWHERE = [
    profile("general", "marketplace", "us", "eu", "decency"),
    profile("general", "cn", "decency", locale="zh"),
]


@given(TEXTS)
def test_offsets_quote_the_text(text: str) -> None:
    for held in EVERYWHERE:
        for hit in rule_hits(text, held, PACKS):
            assert hit.text == text[hit.start : hit.end] != ""


@given(TEXTS, TEXTS, st.sampled_from(["最近", "第一次", "最小包装", "唯一编号"]))
def test_nothing_within_an_exception_is_a_hit(before: str, after: str, exception: str) -> None:
    text = f"{before} {exception} {after}"
    start = len(before) + 1
    hits = [hit for hit in rule_hits(text, EVERYWHERE[1], PACKS) if hit.pack == "cn"]

    assert not [hit for hit in hits if start <= hit.start and hit.end <= start + len(exception)]


HOSTILE = [
    *["a", "1", "a.", "1,", "<", "<a ", "a@", "+1 ", "DE89 ", "best ", "cure ", "cure a a ", "!", "A", "$1"],
    *["最", "\u200b", "é", "e\u0301"],
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_no_longer_than_its_length_asks(piece: str) -> None:
    text = (piece * MAX_CHARACTERS)[:MAX_CHARACTERS]
    start = time.process_time()
    for held in EVERYWHERE:
        rule_hits(text, held, PACKS)

    assert time.process_time() - start < 20


def test_a_text_beyond_all_bounds_is_blocked_unread() -> None:
    [hit] = rule_hits("best " * MAX_CHARACTERS, profile("us"), PACKS)

    assert (hit.rule, hit.severity, hit.start) == ("length", "block", MAX_CHARACTERS)


HEAD = 'title = "House"\nsource = "House policy of 2026"\n\n'
RULE = '[[rules]]\nid = "a"\nseverity = "note"\nmessage = "do this"\n'
GOOD = HEAD + RULE


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """Writes a pack's file and says where it is."""

    def pack(text: str | bytes) -> Path:
        path = tmp_path / "house.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return pack


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("title = ", "line 1: the pack: not TOML: Invalid value"),
        (b"title = 'x'\nsource = '\xff'", "line 2: the pack: not UTF-8; save it as UTF-8"),
        ('source = "x"', "line 1: title: is missing; add it"),
        ('name = "x"\n' + GOOD, "line 1: name: comes from the file itself; remove this line"),
        (GOOD, "line 4: rules[a]: a rule has exactly one of words, pattern, detect"),
        (GOOD + 'words = ["x"]\ndetect = "url"', "line 4: rules[a]: a rule has exactly one of words"),
        (GOOD + 'words = ["x"]\nseverty = "x"', "line 9: rules[a].severty: is no member of a pack"),
        (GOOD.replace("note", "fatal") + 'words = ["x"]', "line 6: rules[a].severity: Input should be 'block'"),
        (GOOD + "words.en = [3]", "line 8: rules[a].words.en.0: Input should be a valid string"),
        (GOOD + 'words.english = ["x"]', "line 8: rules[a].words.english: "),
        (GOOD + 'detect = "phones"', "line 8: rules[a].detect: 'phones' is none of e-mail, phone"),
        (GOOD + 'detect = "phone"\nunless_evidence = "any"', "line 4: rules[a]: nothing excuses personal data"),
        (GOOD + 'followed_by = ["x"]\ndetect = "url"', "line 4: rules[a]: followed_by goes with words"),
        (GOOD + "pattern = '('", "line 8: rules[a].pattern: is no regular expression: missing )"),
        (GOOD + "pattern = 'a?'", "line 8: rules[a].pattern: matches the empty text"),
        (GOOD + "pattern = 'a+b'", "line 8: rules[a].pattern: has a repeat without an upper limit"),
        (GOOD + "pattern = '(a)\\1'", "line 8: rules[a].pattern: refers back to a group"),
        (GOOD + "pattern = '(?:a{1,30}b?){1,30}c'", "line 8: rules[a].pattern: can be tried in"),
        (GOOD + "pattern = '(?:a|a){30}c'", "line 8: rules[a].pattern: can be tried in"),
        (
            GOOD + 'words = ["x"]\n' + RULE + 'words = ["y"]',
            "line 1: the pack: rule a stands twice",
        ),
        (GOOD + 'words = ["x"]\n' + RULE.replace('"a"', '"B"'), "line 10: rules[B].id: "),
    ],
)
def test_a_broken_pack_is_named_with_its_file_line_and_field(
    write: Callable[[str | bytes], Path], text: str | bytes, complaint: str
) -> None:
    path = write(text)
    with pytest.raises(ConfigurationError) as wrong:
        load_pack(path)

    assert str(wrong.value).startswith(f"{path}: {complaint}")


def test_any_change_of_the_file_changes_the_version(write: Callable[[str | bytes], Path]) -> None:
    versions = [load_pack(write(GOOD + f'words = ["{word}"]')).version for word in ("x", "y", "x")]

    assert versions[0] == versions[2] != versions[1]


def test_a_folder_without_a_pack_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no rule pack; add one"):
        load_packs(tmp_path)


def test_words_are_found_where_one_begins_and_signs_anywhere() -> None:
    found = phrases(("best", "©", "最好", "-free"), "en", True)
    text = "The best, not the thebest: Acme© is worry-free,质量最好"
    assert [match[0] for match in found.finditer(text)] == ["best", "©", "-free", "最好"]
