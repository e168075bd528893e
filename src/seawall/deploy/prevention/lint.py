"""What a prevention text must not do: be long, accuse, shame, carry links, or say how or whether anything was noticed.

Words are compared by their beginnings, after folding. The lists hold no sexual word, and need none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from seawall.deploy.prevention.texts import Texts

MOST_WORDS = 60

_NOTHING_ELSE = re.compile(r"https?:|www\.|utm_|[{}<>%$\\]|[\U0001F000-\U0001FAFF☀-➿]|!")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

# Beginnings of words that tell of a report, of authorities, or of how something was found.
_TIPPING = {
    "en": "report police authorit detect flagg log logged logs record monitor scan filter classif algorithm hash track",
    "de": "meld gemeldet anzeig polizei behörd erkannt erkenn überwach protokoll aufgezeichn filter klassif algorith",
    "fr": "signal dénonc police gendarm autorité détect surveill enregistr filtr classif algorith",
    "es": "denunci report policía autoridad detect vigil registr filtr clasific algoritm",
    "pt": "denunci polícia autoridad detet detect vigi regist filtr classific algoritm",
    "it": "segnal denunc polizia carabinier autorità rilev sorvegl registr filtr classific algoritm",
    "nl": "meld gemeld aangif politie autoriteit gedetect herkend bewak geregistr filter classif algoritm",
    "sv": "anmäl rapport polis myndighet upptäck överva logg registrer filter klassif algoritm",
    "nb": "anmeld rapport politi myndighet oppdag overvåk logg registrer filter klassif algoritm",
}

# Beginnings of words that shame.
_STIGMA = {
    "en": "monster evil sick disgust predator offender criminal freak shame",
    "de": "monster böse krank ekel widerlich kriminell verbrecher schäm schande",
    "fr": "monstre malade dégoût prédateur criminel honte délinquant",
    "es": "monstruo enferm asco asqueros depredador criminal delincuente vergüenza",
    "pt": "monstro doente nojo nojent predador criminoso vergonha",
    "it": "mostro malat disgust predator criminal vergogna",
    "nl": "monster ziek walg roofdier crimineel schaam schande",
    "sv": "monster sjuk äckel vidrig kriminell förbrytare skam",
    "nb": "monster syk ekkel vemmelig kriminell forbryter skam",
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that a text must not do.

    Attributes:
        locale: Language of the text.
        place: Which text.
        rule: `length`, `markup`, `tipping_off`, `stigma`, `empty`, `unreviewed_rules`.
    """

    locale: str
    place: str
    rule: str

    def __str__(self) -> str:
        return f"{self.locale}: {self.place}: {self.rule}"


def lint(texts: Texts) -> list[Complaint]:
    """Return every complaint about the texts of one language."""
    found = []
    for place, text in texts.parts():
        found += [Complaint(texts.locale, place, rule) for rule in _rules(texts.locale, text)]
    for place, text in texts.wholes():
        if count_words(text) > MOST_WORDS:
            found.append(Complaint(texts.locale, place, "length"))
    if texts.language not in _TIPPING:
        # Nobody wrote down what must not be said in this language; a person has to look.
        found.append(Complaint(texts.locale, "-", "unreviewed_rules"))
    return found


def count_words(text: str) -> int:
    """Count words as a reader would."""
    return len(_WORD.findall(text))


def _rules(locale: str, text: str) -> Iterator[str]:
    if not text.strip():
        yield "empty"
    if _NOTHING_ELSE.search(text):
        yield "markup"
    words = [word.casefold() for word in _WORD.findall(text)]
    language = locale.partition("-")[0]
    for rule, table in (("tipping_off", _TIPPING), ("stigma", _STIGMA)):
        starts = tuple(table.get(language, "").split())
        if starts and any(word.startswith(starts) for word in words):
            yield rule
