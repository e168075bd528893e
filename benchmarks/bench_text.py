"""Captions a second against 10,000 nonsense terms in all views, beside a plain loop, interleaved in one run.

Usage: python -m benchmarks.bench_text [--captions 20000] [--terms 10000] [--rounds 5] [--seed 1]

The plain loop is what one writes without seawall: NFKC and case folding of each caption and one automaton over the
result. It has one view, no word boundaries, and misses overlapping terms. A share of the captions holds a term as
written (2 %), and a share is spelt with digits, spaced or stretched (2 %), as careless captions are.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import sys
import time
import unicodedata
from collections.abc import Callable, Sequence

from ahocorasick_rs import AhoCorasick, MatchKind

from seawall.text.matcher import Matcher
from seawall.text.packs.pack import Pack, Term

BYTES = 100
WITH_TERM, WITH_TRICK = 0.02, 0.02
GOALS = {"ASCII": 300_000, "mixed scripts": 100_000}
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_VOWELS = set("aeiouyäöüéèêãõøåаеиоуыэюяαεηιουωάέίόािीुूेो")
SCRIPTS = {
    "Latin with accents": _LATIN + "äöüßéèêçñãõøåłž",
    "Cyrillic": "абвгдежзийклмнопрстуфхцчшщьыэюя",
    "Greek": "αβγδεζηθικλμνξοπρστυφχψωάέίό",
    "Han": "山水火木金土日月風花雪雨石田川海森林空星",
    "kana": "あいうえおかきくけこさしすせそがぎぐアイウエオカキ",
    "Hangul": "산물불나무금흙해달바람꽃눈비돌밭강바다숲하늘별",
    "Devanagari": "कखगघचछजझटडतदनपबमयरलवसहािीुूेो",
    "Arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
}


def word(random_: random.Random, alphabet: str, longest: int = 9) -> str:
    """Return a nonsense word; of letters, it is made of syllables."""
    vowels = [letter for letter in alphabet if letter in _VOWELS]
    others = [letter for letter in alphabet if letter not in _VOWELS] or vowels
    size = random_.randint(2, longest)
    return "".join(random_.choice(vowels if vowels and place % 2 else others) for place in range(size))


def make_terms(random_: random.Random, count: int) -> list[str]:
    """Return different nonsense terms, most of them Latin."""
    alphabets = [_LATIN] * 6 + list(SCRIPTS.values())
    terms: set[str] = set()
    while len(terms) < count:
        alphabet = random_.choice(alphabets)
        terms.add(" ".join(word(random_, alphabet) + word(random_, alphabet) for _ in range(random_.choice((1, 1, 2)))))
    return sorted(terms)


def make_captions(random_: random.Random, count: int, alphabets: Sequence[str], terms: Sequence[str]) -> list[str]:
    """Return captions of about 100 bytes."""
    vocabularies = [[word(random_, alphabet) for _ in range(2000)] for alphabet in alphabets]
    captions = []
    for _ in range(count):
        words: list[str] = []
        size = 0
        vocabulary = random_.choice(vocabularies)
        while size < BYTES - 5:
            words.append(random_.choice(vocabulary))
            size += len(words[-1].encode()) + 1
        if random_.random() < WITH_TERM:
            words[len(words) // 2] = random_.choice(terms)
        if random_.random() < WITH_TRICK:
            words[0] = random_.choice((" ".join("spaced"), "sp3lt", "strettttched", "full.stop"))
        captions.append(" ".join(words).capitalize() + ".")
    return captions


def plain_loop(terms: Sequence[str]) -> Callable[[Sequence[str]], int]:
    """Return the loop that seawall is measured beside."""
    folded = [unicodedata.normalize("NFKC", term).casefold() for term in terms]
    automaton = AhoCorasick(folded, matchkind=MatchKind.LeftmostLongest)

    def run(captions: Sequence[str]) -> int:
        found = 0
        for caption in captions:
            text = unicodedata.normalize("NFKC", caption).casefold()
            found += len(automaton.find_matches_as_indexes(text)) > 0
        return found

    return run


def seawall_match(terms: Sequence[str]) -> Callable[[Sequence[str]], int]:
    """Return seawall's own."""
    matcher = Matcher([Pack("nonsense", "1", "benchmark", None, tuple(Term("nonsense", term) for term in terms))])
    return lambda captions: sum(bool(matches.hits) for matches in matcher.match(captions))


def measure(tasks: dict[str, Callable[[Sequence[str]], int]], captions: Sequence[str], rounds: int) -> dict[str, float]:
    """Return the median CPU seconds of each task, in an order that changes from round to round."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    order = list(tasks)
    for number in range(rounds + 1):
        random.Random(number).shuffle(order)
        for name in order:
            start = time.process_time()
            tasks[name](captions)
            if number:
                times[name].append(time.process_time() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captions", type=int, default=20_000)
    parser.add_argument("--terms", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    random_ = random.Random(options.seed)
    terms = make_terms(random_, options.terms)
    start = time.process_time()
    tasks = {"plain loop": plain_loop(terms), "seawall": seawall_match(terms)}
    built = time.process_time() - start
    corpora = {
        "ASCII": make_captions(random_, options.captions, [_LATIN], [term for term in terms if term.isascii()]),
        "mixed scripts": make_captions(random_, options.captions, list(SCRIPTS.values()), terms),
    }
    print(f"{options.captions:,} captions, {len(terms):,} terms, one core, median CPU of {options.rounds} rounds")
    print(f"Python {platform.python_version()}; both made ready in {built:.2f} s")
    print(f"\n{'captions':<16}{'bytes':>7}{'plain loop/s':>15}{'seawall/s':>12}{'ratio':>8}{'goal':>10}{'found':>16}")
    missed = False
    for name, captions in corpora.items():
        size = sum(len(caption.encode()) for caption in captions) / len(captions)
        seconds = measure(tasks, captions, options.rounds)
        rate = {task: len(captions) / value for task, value in seconds.items()}
        found = " / ".join(f"{task(captions):,}" for task in tasks.values())
        met = rate["seawall"] >= GOALS[name]
        missed |= not met
        print(
            f"{name:<16}{size:>7.0f}{rate['plain loop']:>15,.0f}{rate['seawall']:>12,.0f}"
            f"{rate['seawall'] / rate['plain loop']:>8.2f}{GOALS[name]:>10,}{found:>16}  {'met' if met else 'MISSED'}"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
