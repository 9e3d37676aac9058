"""What a language model says besides the copy: introductions, remarks about its answer, and refusals.

The phrases of all languages are tried whatever the locale is, because models change their language. Each is matched at
the start of a sentence, so that the same words inside good copy ("you cannot go wrong") are left alone.
"""

from __future__ import annotations

import re

from shared.text import rewritten

_START = r"^[\s\"'“”„«»¡¿(*•…–—<,.。!-]*"
_TO_COLON = r"(?:[^:：.!?。]|\.\d){0,160}"  # the decimals in "of the 1.5 l kettle" end nothing


def _any_of(*phrases: str) -> re.Pattern[str]:
    return re.compile(rf"{_START}(?:{'|'.join(phrases)})", re.IGNORECASE)


# An introduction in front of the copy: what follows it stays.
_INTRODUCTION = _any_of(
    # English
    r"(?:(?:product|short|final|suggested)\s+)*description(?:\s+(?:of|for)\s[^:]{1,80})?\s*:\s*",
    r"(?:copy|answer|output|response|summary)\s*:\s*",
    r"(?:(?:sure|certainly|of course|okay|ok|however|absolutely)[,!.]?\s+)?"
    r"(?:here(?:['’]s|\s+is|\s+are)|below\s+is|the\s+following\s+is|this\s+is)\s"
    rf"{_TO_COLON}\b(?:description|copy|text|version|draft|summary)(?=\s*[:(]|\s+(?:of|for|in|that|based|using|as|you)\b)"
    rf"{_TO_COLON}:\s*",
    r"(?:based\s+on|according\s+to|using)\s+(?:only\s+)?(?:the|these|your)\s+(?:\w+\s+){0,3}?"
    r"(?:facts|information|attributes|details)(?:\s+(?:given|provided|above|listed)){0,2}\s*,\s*",
    # German
    r"(?:(?:produkt|kurz)?(?:beschreibung|text)|antwort|ausgabe)\s*:\s*",
    r"(?:(?:gerne?|natürlich|klar|selbstverständlich)[,!.]?\s+)?hier\s+(?:ist|sind|kommt)\s"
    rf"{_TO_COLON}(?:beschreibung|text|version|entwurf)\b{_TO_COLON}:\s*",
    # Spanish
    r"(?:descripci[oó]n(?:\s+del?\s[^:]{1,80})?|respuesta|resumen)\s*:\s*",
    r"(?:(?:claro(?:\s+que\s+sí)?|por\s+supuesto)[,!.]?\s+)?¡?(?:aquí\s+(?:tienes?|está|va)|esta\s+es|a\s+continuación)\s"
    rf"{_TO_COLON}(?:descripci[oó]n|texto|versión)\b{_TO_COLON}:\s*",
    r"según\s+(?:los\s+datos|la\s+información)(?:\s+(?:dad[oa]s?|proporcionad[oa]s?))?\s*,\s*",
    # Chinese
    r"(?:(?:产品|商品)?(?:描述|介绍|文案|说明)|回答|答案)\s*[:：]\s*",
    r"(?:(?:当然|好的|没问题)(?:可以)?[！，。,!]\s*)?(?:以下|下面|这)是[^:：。！？]{0,60}(?:描述|介绍|文案|说明)[^:：。！？]{0,20}[:：]\s*",
    r"根据(?:您|你)?所?(?:提供|给定|给出|以上|上述)的?(?:产品|商品)?(?:事实|信息|资料|属性)[，,]\s*",
)

# A sentence about the answer, the task or the reader of the chat.
_REMARK = _any_of(
    # English
    r"(?:sure(?:\s+thing)?|certainly|of\s+course|absolutely|okay|ok|great|got\s+it|understood)\W*$",
    r"(?:here(?:['’]s|\s+is)|below\s+is)\s[^:]*\bdescription\b[^:]*[.!:]$",
    r"i\s+hope\b",
    r"(?:please\s+)?(?:let\s+me\s+know|feel\s+free)\b",
    r"if\s+you(?:['’]d|\s+would)?\s+(?:need|like|want|have)\b.*\b(?:let\s+me|ask|contact\s+me|changes|revisions)\b",
    r"(?:please\s+)?(?:note|disclaimer|explanation|remarks?|p\.?s\.?|keywords?|hashtags?|(?:total\s+)?word\s+count)\s*[:：(]",
    r"(?:approx\w*\.?\s*|about\s+)?\d+\s+(?:words|characters)\b\W*$",
    r"(?:this|the|my|your)\s+(?:product\s+)?description\b",
    r"i(?:['’]ve|\s+have)?\s+(?:written|wrote|used|kept|included|avoided|followed)\b",
    r"(?:would\s+you\s+like\s+me|do\s+you\s+want\s+me|is\s+there\s+anything\s+else)\b",
    r"thank\s+you\s+for\s+(?:your|the)\s+(?:request|question|information)\b",
    # German
    r"(?:gerne?|natürlich|klar|selbstverständlich)\W*$",
    r"hier\s+(?:ist|kommt)\s[^:]*beschreibung\b[^:]*[.!:]$",
    r"ich\s+hoffe\b",
    r"(?:bitte\s+)?(?:lass(?:en\s+sie)?\s+(?:es\s+)?mich|(?:sag|gib)\s+mir|(?:sagen|geben)\s+sie\s+mir)\b",
    r"(?:falls|wenn)\s+(?:sie|du)\b.*\b(?:fragen|änderungen|anpassungen|bescheid|mir|mich)\b",
    r"(?:hinweis|anmerkung|wortzahl|wortanzahl|anzahl\s+der\s+wörter|schlagwörter)\s*[:(]",
    r"(?:ca\.\s*|etwa\s+)?\d+\s+wörter\b\W*$",
    r"(?:diese|die)\s+(?:produkt)?beschreibung\b",
    # Spanish
    r"(?:claro(?:\s+que\s+sí)?|por\s+supuesto|entendido|de\s+acuerdo)\W*$",
    r"aquí\s+(?:tienes?|está)\s[^:]*descripción\b[^:]*[.!:]$",
    r"espero\s+que\b",
    r"(?:por\s+favor,?\s+)?(?:h[aá]zme(?:lo)?|hágame(?:lo)?|avísame|avíseme|no\s+dudes?|déj[ae]me)\b",
    r"si\s+(?:necesitas?|deseas?|quieres?|tienes?)\b.*\b(?:saber|dime|dígame|cambios|preguntas|avísame|ajustes)\b",
    r"(?:nota|aviso|(?:número|recuento|conteo|total)\s+de\s+palabras|palabras\s+clave)\s*[:(]",
    r"(?:unas\s+)?\d+\s+palabras\b\W*$",
    r"(?:esta|la)\s+descripción\b",
    # Chinese
    r"(?:当然|好的|没问题|明白了?)(?:可以)?\W*$",
    r"以下是[^：:]*(?:描述|介绍|文案)[。：:]?$",
    r"希望(?:这|以上|该|对|能|您|你)",
    r"如果?(?:您|你)(?:还|有|需|想|对).*(?:告诉我|问题|修改|调整|联系)",
    r"请(?:随时)?(?:告诉|联系|告知)我",
    r"(?:注意|备注|注|提示|字数(?:统计)?|关键词)\s*[：:（(]",
    r"(?:这段|该|此|以上)(?:产品|商品)?(?:描述|文案)",
)

_EN_TASK = (
    r"(?:help(?!\s+but)|assist|provide|write|create|generate|describe|comply|complete|fulfil|answer|produce|continue|offer"
    r"|share|do\s+(?:that|this)|(?:find|see|access)\s+(?:any|the|more|enough))"
)
_EN_TURN = r"(?:(?:unfortunately|however|but|and|so|sorry),?\s+)*"
_DE_TASK = r"(?:helfen|weiterhelfen|schreiben|erstellen|beantworten|verfassen|beschreiben|bereitstellen|liefern)"
_ES_TASK = r"(?:ayudar|proporcionar|escribir|crear|generar|describir|ofrecer|responder|cumplir|redactar|continuar)"
_ZH_TASK = r"(?:提供|帮|协助|回答|生成|撰写|写|描述|满足|完成|创建)"

# A sentence in which the model declines, or asks for what it was not given.
_REFUSAL = _any_of(
    # English
    r"(?:i['’]?m|i\s+am|we\s+are|we['’]re)\s+(?:(?:very|truly|really|so)\s+)?sorry\b",
    r"sorry,?\s+(?:but\s+)?(?:i|we)\b",
    r"(?:i|we)\s+(?:sincerely\s+)?apologi[sz]e\b|(?:my\s+)?apologies\b",
    r"(?:[^.!?]*\b)?as\s+an?\s+(?:ai|artificial\s+intelligence)(?:\s+(?:language\s+)?(?:model|assistant))?\s*,",
    r"(?:[^.!?]*\b)?(?:as\s+|i['’]m\s+|i\s+am\s+)(?:just\s+|only\s+)?an?\s+(?:ai\s+|large\s+|text-based\s+)*(?:language\s+model|ai\s+assistant|chatbot)\b",
    rf"{_EN_TURN}i\s+(?:can(?:not|['’]t|\s+not)|could\s*n(?:o|['’])t|won['’]t|will\s+not)\s+{_EN_TASK}\b",
    rf"{_EN_TURN}i(?:['’]m|\s+am)\s+(?:unable|not\s+able)\s+to\b",
    rf"{_EN_TURN}we\s+(?:cannot|can['’]t|are\s+unable\s+to)\s+(?:assist|comply|provide|generate|write)\b",
    r"(?:[^.!?]*\b)?(?:i|we)\s+(?:do\s+not|don['’]t)\s+have\s+(?:any|enough|sufficient|the|more|access)\b[^.!?]*"
    r"\b(?:information|facts|details|data|access)\b",
    r"(?:[^.!?]*\b)?(?:not\s+enough|insufficient|no)\s+(?:product\s+)?(?:information|facts|details|data)\s+"
    r"(?:(?:is|are|was|were|has\s+been|have\s+been)\s+)?(?:provided|given|available\s+to|to\s+(?:write|create|describe))\b",
    r"(?:please|(?:could|can)\s+you(?:\s+please)?)\s+(?:provide|give|share|specify)\s+(?:me|us|more|the|additional|some|further)\b",
    # German
    r"(?:es\s+)?tut\s+mir\s+(?:sehr\s+)?leid\b|entschuldigung\b|ich\s+(?:bitte\s+um\s+)?entschuldig",
    r"als\s+(?:ein\s+)?(?:ki|künstliche\s+intelligenz|(?:großes\s+)?(?:ki-)?sprachmodell|ki-(?:modell|assistent))\b(?!-)",
    rf"(?:leider\s+)?(?:ich\s+(?:kann|darf)|(?:kann|darf)\s+ich)\b.*\b(?:nicht|keine?n?)\b.*\b{_DE_TASK}\b",
    r"(?:leider\s+)?(?:ich\s+bin|bin\s+ich)\s+nicht\s+in\s+der\s+lage\b",
    # Spanish
    r"lo\s+(?:siento|lamento)\b|lamento\b|(?:pido|mis)\s+disculpas\b|disculpa",
    r"como\s+(?:un\s+|una\s+)?(?:gran\s+)?(?:modelo\s+de\s+(?:lenguaje|ia)|asistente\s+(?:de\s+ia|virtual)|inteligencia\s+artificial)\b",
    rf"(?:(?:lamentablemente|desafortunadamente|pero),?\s+)*(?:no\s+(?:puedo|podemos)|no\s+me\s+es\s+posible|no\s+soy\s+capaz\s+de)\s+{_ES_TASK}",
    # Chinese
    r"(?:很|非常)?(?:抱歉|遗憾)[，,。！]|对不起|不好意思[，,。]",
    r"(?:作为|身为|我(?:只)?是)一?[个名款]?(?:大型?|人工智能|AI)*(?:语言模型|智能助手|助手)",
    r"(?:作为|身为)一?[个名]?(?:人工智能|AI)[，,]",
    rf"(?:但是?|所以|因此)?我(?:暂时)?(?:无法|不能|没有办法|没法)(?:为您|为你|直接|给您)?{_ZH_TASK}",
)


def without_remarks(text: str, locale: str) -> str:
    """A text without what the model says of it: "Here is a description:", "I hope this helps", "Note: …"."""
    return rewritten(text, locale, _without_remark)


def _without_remark(sentence: str) -> str:
    while (shorter := _INTRODUCTION.sub("", sentence)) != sentence:
        sentence = shorter
    return "" if _REMARK.match(sentence) else sentence


def without_refusals(text: str, locale: str) -> str:
    """A text without the sentences in which the model declines: "I cannot …", "As an AI language model, …"."""
    return rewritten(text, locale, lambda sentence: "" if _REFUSAL.match(sentence) else sentence)
