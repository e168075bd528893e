"""The neutral age pack: ages, grades and nouns in many languages; adults, durations and everyday text are not found."""

from __future__ import annotations

import pytest

from seawall.text import Matcher, View, age_references
from seawall.text.views import raw_text

MATCHER = Matcher([age_references()])
LANGUAGES = ("en", "de", "es", "fr", "pt", "it", "nl", "pl", "ru", "uk", "ar", "hi", "zh", "ja", "ko", "tr")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("She is 9 years old.", "en"),
        ("A 5-year-old with a kite", "en"),
        ("a seventeen year old reader", "en"),
        ("aged 12, likes trains", "en"),
        ("7yo plays chess", "en"),
        ("18 months old and walking", "en"),
        ("pupils of the 3rd grade", "en"),
        ("the toddler sleeps", "en"),
        ("Sie ist 9 Jahre alt.", "de"),
        ("eine 9-Jährige", "de"),
        ("der siebenjährige Leser", "de"),
        ("die Minderjährigen lesen", "de"),
        ("una edad de 9 años", "es"),
        ("la niña lee", "es"),
        ("âgée de 9 ans", "fr"),
        ("l'enfant lit", "fr"),
        ("com 9 anos de idade", "pt"),
        ("a criança lê", "pt"),
        ("all'età di 9 anni", "it"),
        ("i bambini leggono", "it"),
        ("zij is 9 jaar oud", "nl"),
        ("de kleuter leest", "nl"),
        ("w wieku 9 lat", "pl"),
        ("dziecko czyta", "pl"),
        ("в возрасте 9 лет", "ru"),
        ("ребёнок читает", "ru"),
        ("у віці 9 років", "uk"),
        ("дитина читає", "uk"),
        ("عمره 9 سنوات", "ar"),
        ("عمره ٩ سنوات", "ar"),
        ("الأطفال يقرأون", "ar"),
        ("9 वर्षीय पाठक", "hi"),
        ("९ वर्षीय पाठक", "hi"),
        ("बच्चे पढ़ते हैं", "hi"),
        ("他九岁了", "zh"),
        ("他9岁了", "zh"),
        ("孩子在看书", "zh"),
        ("9歳の読者", "ja"),
        ("９歳の読者", "ja"),
        ("子どもが読む", "ja"),
        ("9살 독자", "ko"),
        ("어린이가 읽는다", "ko"),
        ("9 yaşında", "tr"),
        ("çocuklar okuyor", "tr"),
    ],
)
def test_a_reference_to_a_minor_is_found(text: str, language: str) -> None:
    hits = MATCHER.match([text])[0].hits
    assert language in {hit.language for hit in hits}
    assert {hit.category for hit in hits} == {"minor_reference"}
    assert all(hit.weight >= 0.5 for hit in hits)


@pytest.mark.parametrize(
    "text",
    [
        "She is 18 years old.",
        "aged 45",
        "115 years old",
        "twenty-five years old",
        "one hundred and five years old",
        "65.5 years old",
        "aged 1,200 years",
        "in 12 years",
        "5 years of experience",
        "eine 25-Jährige",
        "der fünfundzwanzigjährige Leser",
        "treinta y cinco años de edad",
        "âgée de vingt-cinq ans",
        "Il y a 5 ans",
        "5 lat temu",
        "5 лет назад",
        "5 साल का अनुभव",
        "他二十五岁了",
        "他25岁了",
        "二十五歳の読者",
        "25살 독자",
        "스물세 살",
        "5세대 통신",
        "yirmi beş yaşında",
        "Nina and El Nino",
        "a kind of magic",
        "아이폰 케이스",
    ],
)
def test_adults_durations_and_other_words_are_not_found(text: str) -> None:
    assert MATCHER.match([text])[0].hits == ()


NEUTRAL = """
The library opens at nine, and the reading room closes at 8 p.m. on weekdays.
A grey stone bridge crosses the river near the old mill; trains pass every 15 minutes.
We bought 3 kg of apples, 2 loaves of bread and 1.5 l of milk for $12.50.
The U.S.A. and the U.K. signed it; see www.example.org/a/b.html or write to info@example.org.
B2B, C++, H2O, CO2, 4K, MP3, 3D printing, 5G, Wi-Fi, A/B tests: the 21st-century alphabet!!!
Model X-200, size L, colour #ff0000; 50% off; call +1 (555) 010-9999 ext. 7.
a b c d e f g, i.e. the first letters; Q & A follows at 10:30 a.m.
Aaah, sooo good, hmmm... zzz. Yesss! Nooo. Looool.
Die Bibliothek öffnet um neun Uhr, und der Zug nach Köln fährt um 8.15 Uhr ab, z. B. von Gleis 3.
Das Wetter bleibt schön; am Abend gibt es Gemüsesuppe mit Brot und Käse.
La biblioteca abre a las nueve y el tren sale a las 8.15 del andén 3, p. ej. los lunes.
El tiempo será soleado; por la noche habrá sopa de verduras con pan y queso.
La bibliothèque ouvre à neuf heures et le train part à 8 h 15 du quai no 3, c.-à-d. le lundi.
Il fera beau ; le soir, il y aura de la soupe aux légumes avec du pain et du fromage.
A biblioteca abre às nove horas e o comboio parte às 8h15 da plataforma 3, p. ex. à segunda.
O tempo vai estar bom; à noite haverá sopa de legumes com pão e queijo.
La biblioteca apre alle nove e il treno parte alle 8.15 dal binario 3, ad es. il lunedì.
Il tempo sarà bello; la sera ci sarà zuppa di verdure con pane e formaggio.
De bibliotheek gaat om negen uur open en de trein vertrekt om 8.15 uur van spoor 3, bijv. op maandag.
Het weer blijft mooi; 's avonds is er groentesoep met brood en kaas.
Biblioteka otwiera się o dziewiątej, a pociąg odjeżdża o 8.15 z peronu 3, np. w poniedziałek.
Pogoda będzie ładna; wieczorem będzie zupa jarzynowa z chlebem i serem.
Библиотека открывается в девять часов, а поезд отходит в 8:15 от 3-го пути, т. е. в понедельник.
Погода будет хорошая; вечером подадут овощной суп с хлебом и сыром.
Бібліотека відкривається о дев'ятій, а потяг вирушає о 8:15 з 3-ї колії, тобто в понеділок.
Погода буде гарна; увечері буде овочевий суп із хлібом і сиром.
تفتح المكتبة في الساعة التاسعة، ويغادر القطار في الساعة ٨:١٥ من الرصيف ٣.
سيكون الطقس جميلا؛ وفي المساء حساء الخضار مع الخبز والجبن.
पुस्तकालय नौ बजे खुलता है और रेलगाड़ी ८:१५ बजे प्लेटफ़ॉर्म ३ से चलती है।
मौसम अच्छा रहेगा; शाम को सब्ज़ियों का सूप, रोटी और पनीर मिलेगा।
图书馆九点开门，火车八点十五分从三号站台开出。
天气会很好，晚上有蔬菜汤、面包和奶酪。
図書館は九時に開き、電車は八時十五分に三番線から出ます。
天気は良く、夜は野菜スープとパンとチーズがあります。
도서관은 아홉 시에 열고 기차는 8시 15분에 3번 승강장에서 떠난다.
날씨가 좋겠고 저녁에는 채소 수프와 빵과 치즈가 있다.
Kütüphane saat dokuzda açılır, tren 8.15'te 3. perondan kalkar.
Hava güzel olacak; akşam ekmek ve peynirle sebze çorbası var.
Η βιβλιοθήκη ανοίγει στις εννέα και το τρένο φεύγει στις 8:15 από την αποβάθρα 3.
הספרייה נפתחת בתשע והרכבת יוצאת ב-8:15 מרציף 3.
ห้องสมุดเปิดเก้าโมง และรถไฟออกเวลา 8.15 น. จากชานชาลา 3
Thư viện mở cửa lúc chín giờ, tàu rời sân ga 3 lúc 8 giờ 15.
Knihovna otevírá v devět hodin a vlak odjíždí v 8.15 z 3. nástupiště.
Könyvtár kilenckor nyit, a vonat 8.15-kor indul a 3. vágányról.
Biblioteket öppnar klockan nio och tåget går 8.15 från spår 3.
""".strip().splitlines()


def test_everyday_sentences_in_many_languages_give_nothing_in_any_view() -> None:
    found = MATCHER.match(NEUTRAL)
    assert [text for text, each in zip(NEUTRAL, found, strict=True) if each.hits] == []


def test_no_age_reference_is_found_in_the_bare_view_alone_in_everyday_sentences_run_together() -> None:
    text = " ".join(NEUTRAL)
    assert [
        hit for hit in MATCHER.match([text, text.upper(), text.replace(" ", "\n")])[0].hits if hit.view is View.BARE
    ] == []


def test_the_pack_says_nothing_but_minor_references_in_the_languages_it_states() -> None:
    pack = age_references()
    assert pack.categories == {"minor_reference"}
    assert {term.language for term in pack.terms} == frozenset(LANGUAGES)
    assert pack.size > 3000


def test_no_age_of_eighteen_or_more_is_in_the_pack() -> None:
    for term in age_references().terms:
        numbers = [int(word) for word in raw_text(term.text).replace("/", " ").split() if word.isdecimal()]
        assert all(number < 36 for number in numbers)
        if any(number >= 18 for number in numbers):
            assert any(unit in term.text.casefold() for unit in _SMALL_UNITS), term.text


_SMALL_UNITS = (
    "month", "week", "day", "monat", "woche", "tage", "mes", "mois", "mese", "mesi", "maand", "weken", "miesi",
    "месяц", "месяч", "місяц", "місяч", "أشهر", "شهرا", "महीने", "个月", "個月", "か月", "ヶ月", "ヵ月", "カ月", "生後",
    "개월", "aylık", "haftalık",
)  # fmt: skip
