"""See it once: what was judged arrives decided, and nothing is repeated that should be looked at."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

import seawall
from seawall.cases.model import Case, GenerativeAi, IndustryClass, Item, Label, Severity
from seawall.errors import SeawallError
from seawall.ledger import Ledger
from seawall.maintain.review import PolicyInvalid, SeenOnce, load_repeats
from seawall.maintain.review import _near as near_module
from seawall.maintain.review.looks import Compared, alike
from seawall.maintain.review.repeats import parse_repeats
from seawall.store import Store
from seawall.vault.derivatives.model import Derivative, Rung
from tests.maintain.review.conftest import COLLEAGUE, Hands, a_case, a_decision, a_verdict, an_item, new_id

ZERO = "0" * 64


def flipped(bits: int, code: str = "5a" * 32) -> str:
    """Return a code that differs in so many bits."""
    return f"{int(code, 16) ^ ((1 << bits) - 1):064x}"


def with_pdq(case: Case, code: str, quality: int = 100, **changes: Any) -> Item:
    """Return an item whose picture has a PDQ."""
    return an_item(case, evidence={"pdq": code, "pdq_quality": quality}, **changes)


@pytest.fixture
def seen(store: Store, ledger: Ledger) -> SeenOnce:
    """Nothing judged yet."""
    return SeenOnce(store, ledger)


@pytest.fixture
def judge(store: Store, seen: SeenOnce) -> Callable[..., str]:
    """Decide a case with one item; return the verdict's id."""

    def decide(case: Case, item: Item, label: Label = Label.BENIGN, **changes: Any) -> str:
        verdict = a_verdict(item, label, **changes)
        with store.begin() as connection:
            seen.decided(connection, case, a_decision(case), [item], [verdict])
        return verdict.id

    return decide


@pytest.fixture
def arrive(store: Store, seen: SeenOnce) -> Callable[[Case, Item], Any]:
    """Let an item arrive."""

    def come(case: Case, item: Item) -> Any:
        with store.begin() as connection:
            return seen.apply(connection, case, item)

    return come


def test_the_same_bytes_arrive_decided_by_the_verdict_that_they_repeat(
    judge: Any, arrive: Any, events: Callable[[str], list[dict[str, Any]]]
) -> None:
    case, later = a_case(), a_case()
    item = an_item(case)
    of = judge(case, item, Label.CSAM, industry=IndustryClass.B2, generative_ai=GenerativeAi.YES)
    again = an_item(later, sha256=item.sha256)
    verdict = arrive(later, again)
    assert verdict.of == of and verdict.reviewer is None and verdict.task_id is None
    assert (verdict.label, verdict.industry, verdict.generative_ai) == (
        Label.CSAM,
        IndustryClass.B2,
        GenerativeAi.YES,
    )
    assert (verdict.case_id, verdict.item_id) == (later.id, again.id)
    assert arrive(later, again).id == verdict.id, "arriving twice is one verdict"
    (event,) = events("review.repeated")
    assert event["of"] == of and event["distance"] is None
    assert item.sha256 not in str(event)


def test_nearly_the_same_picture_is_repeated_within_the_radius_of_its_verdict(judge: Any, arrive: Any) -> None:
    case = a_case(severity=Severity.HIGH)
    judge(case, with_pdq(case, flipped(0)), generative_ai=GenerativeAi.YES)
    near = arrive(case, with_pdq(case, flipped(6)))
    assert near.label is Label.BENIGN
    assert near.generative_ai is GenerativeAi.UNKNOWN, "a resemblance says nothing of how it was made"
    assert arrive(case, with_pdq(case, flipped(7))) is None
    grave = a_case()
    judge(grave, with_pdq(grave, flipped(0, "33" * 32)), Label.CSAM)
    assert arrive(grave, with_pdq(grave, flipped(16, "33" * 32))).label is Label.CSAM
    assert arrive(grave, with_pdq(grave, flipped(17, "33" * 32))) is None


def test_a_verdict_that_clears_is_not_repeated_nearly_for_another_suspicion(judge: Any, arrive: Any) -> None:
    adult = a_case(category="adult", severity=Severity.LOW)
    judge(adult, with_pdq(adult, flipped(0)))
    grave = a_case(category="csam")
    assert arrive(grave, with_pdq(grave, flipped(2))) is None
    assert arrive(adult, with_pdq(adult, flipped(2))).label is Label.BENIGN


def test_in_the_gravest_cases_equal_bytes_alone_let_something_pass(judge: Any, arrive: Any) -> None:
    case = a_case(severity=Severity.HIGH)
    item = with_pdq(case, flipped(0))
    judge(case, item)
    grave = a_case(severity=Severity.CRITICAL)
    assert arrive(grave, with_pdq(grave, flipped(1))) is None
    assert arrive(grave, an_item(grave, sha256=item.sha256)) is not None
    drill = a_case(severity=Severity.CRITICAL, drill=True)
    judge(drill, with_pdq(drill, flipped(0)))
    assert arrive(drill, with_pdq(drill, flipped(1))) is not None


def test_flat_pictures_and_those_of_unknown_quality_are_compared_by_bytes_alone(judge: Any, arrive: Any) -> None:
    case = a_case(severity=Severity.HIGH)
    judge(case, with_pdq(case, ZERO, quality=69))
    judge(case, an_item(case, evidence={"pdq": flipped(0)}))
    assert arrive(case, with_pdq(case, ZERO)) is None
    assert arrive(case, with_pdq(case, flipped(0))) is None
    judge(case, with_pdq(case, flipped(0, "66" * 32)))
    assert arrive(case, with_pdq(case, flipped(1, "66" * 32), quality=69)) is None
    assert arrive(case, an_item(case, evidence={"pdq": {"value": flipped(1, "66" * 32), "quality": 90}})) is not None


def test_unsure_is_never_repeated(judge: Any, arrive: Any) -> None:
    case = a_case()
    item = with_pdq(case, flipped(0))
    judge(case, item, Label.UNSURE)
    assert arrive(case, an_item(case, sha256=item.sha256)) is None
    assert arrive(case, with_pdq(case, flipped(0))) is None


def test_drills_and_real_items_never_meet(judge: Any, arrive: Any) -> None:
    drill, real = a_case(drill=True, category="canary"), a_case(category="canary")
    item = with_pdq(drill, flipped(0))
    judge(drill, item, Label.CANARY)
    judge(drill, with_pdq(drill, flipped(0, "33" * 32)), Label.BENIGN)
    assert arrive(real, an_item(real, sha256=item.sha256)) is None
    assert arrive(real, with_pdq(real, flipped(0))) is None
    assert arrive(real, with_pdq(real, flipped(0, "33" * 32))) is None
    assert arrive(drill, an_item(drill, sha256=item.sha256)).label is Label.CANARY
    odd = with_pdq(real, flipped(0, "66" * 32))
    judge(real, odd, Label.CANARY)
    assert arrive(real, an_item(real, sha256=odd.sha256)) is None, "a canary among real items is looked at"


def test_where_verdicts_within_reach_differ_a_person_looks(judge: Any, arrive: Any) -> None:
    case = a_case()
    judge(case, with_pdq(case, flipped(0)))
    judge(case, with_pdq(case, flipped(12)), Label.CSAM)
    assert arrive(case, with_pdq(case, flipped(2))) is None
    item = an_item(case)
    judge(case, item)
    judge(case, an_item(case, sha256=item.sha256), Label.CSAM)
    assert arrive(case, an_item(case, sha256=item.sha256)) is None


def test_what_two_people_did_not_agree_on_is_repeated_by_nobody(store: Store, seen: SeenOnce, arrive: Any) -> None:
    case = a_case()
    one, two = an_item(case), an_item(case)
    with store.begin() as connection:
        said = [
            a_verdict(one, Label.CSAM),
            a_verdict(one, Label.BENIGN, reviewer=COLLEAGUE, at="2026-03-02T09:06:00.000000Z"),
            a_verdict(two, Label.CSAM),
            a_verdict(two, Label.CSAM, reviewer=COLLEAGUE, at="2026-03-02T09:06:00.000000Z"),
        ]
        assert seen.note(connection, said, [one, two], case=case) == 1
        assert seen.note(connection, said, [one, two], case=case) == 0, "the same again adds nothing"
    assert arrive(case, an_item(case, sha256=one.sha256)) is None
    assert arrive(case, an_item(case, sha256=two.sha256)) is not None


def test_an_overturn_withdraws_and_says_what_was_decided_unseen(
    store: Store, seen: SeenOnce, arrive: Any, events: Callable[[str], list[dict[str, Any]]]
) -> None:
    case, later = a_case(), a_case()
    item = with_pdq(case, flipped(0))
    decision = a_decision(case)
    with store.begin() as connection:
        seen.decided(connection, case, decision, [item], [a_verdict(item, Label.CSAM)])
    verdict = arrive(later, with_pdq(later, flipped(3)))
    with store.begin() as connection:
        (repeated,) = seen.overturned(connection, decision)
        assert (repeated.verdict, repeated.case_id) == (verdict.id, later.id)
        assert seen.withdraw(connection, decision=decision.id) == [], "once"
    assert arrive(later, with_pdq(later, flipped(3))) is None
    assert arrive(later, an_item(later, sha256=item.sha256)) is None
    (event,) = events("review.withdrawn")
    assert event["decision"] == decision.id


def test_a_verdict_is_repeated_for_so_long_and_then_looked_at_again(judge: Any, arrive: Any, clock: Hands) -> None:
    case = a_case()
    item = an_item(case)
    judge(case, item)
    clock.pass_by(days=729)
    assert arrive(case, an_item(case, sha256=item.sha256)) is not None
    clock.pass_by(days=2)
    assert arrive(case, an_item(case, sha256=item.sha256)) is None


def test_repetitions_do_not_add_up(store: Store, seen: SeenOnce, judge: Any, arrive: Any) -> None:
    case = a_case(severity=Severity.HIGH)
    judge(case, with_pdq(case, flipped(0)))
    item = with_pdq(case, flipped(6))
    with store.begin() as connection:
        carried = seen.apply(connection, case, item)
        assert carried is not None
        seen.decided(connection, case, a_decision(case), [item], [carried])
    assert arrive(case, with_pdq(case, flipped(12))) is None
    assert seen.counts() == {"judged": 1, "unseen_equal": 0, "unseen_near": 1}


def test_what_is_not_committed_is_known_to_its_own_transaction_alone(store: Store, seen: SeenOnce) -> None:
    case = a_case()
    item = with_pdq(case, flipped(0))
    with pytest.raises(ZeroDivisionError), store.begin() as connection:
        seen.note(connection, [a_verdict(item)], [item], case=case)
        assert seen.lookup(connection, None, flipped(0), category="csam", severity=Severity.HIGH) is not None
        raise ZeroDivisionError
    with store.begin() as connection:
        assert seen.lookup(connection, None, flipped(0), category="csam", severity=Severity.HIGH) is None
        # The number that was given back is used again, by something else.
        other = with_pdq(case, flipped(0, "33" * 32))
        seen.note(connection, [a_verdict(other)], [other], case=case)
    with store.read() as connection:
        assert seen.lookup(connection, None, flipped(0), category="csam", severity=Severity.HIGH) is None
        assert seen.lookup(connection, None, flipped(0, "33" * 32), category="csam", severity=Severity.HIGH) is not None


def test_several_processes_keep_current_through_additions_and_withdrawals(
    store: Store, ledger: Ledger, seen: SeenOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_module, "LONGEST_TAIL", 4)
    other = SeenOnce(store, ledger)
    random = np.random.default_rng(5)
    codes = [random.bytes(32).hex() for _ in range(30)]
    case, items = a_case(), []
    for number, code in enumerate(codes):
        item = with_pdq(case, code)
        items.append(item)
        with store.begin() as connection:
            (seen if number % 2 else other).note(connection, [a_verdict(item)], [item], case=case)
        if number % 5 == 4:
            with store.begin() as connection:
                seen.withdraw(connection, items=[items[number - 2].id])
        with store.read() as connection:
            for each in (seen, other):
                for place, known in enumerate(codes[: number + 1]):
                    gone = place % 5 == 2 and number >= place + 2
                    found = each.lookup(connection, None, known, category="csam", severity=Severity.HIGH)
                    assert (found is None) == gone, (number, place)


def test_deciders_at_the_same_time_lose_nothing(store: Store, seen: SeenOnce) -> None:
    codes = [np.random.default_rng(number).bytes(32).hex() for number in range(12)]
    case = a_case()

    def decide(code: str) -> None:
        item = with_pdq(case, code)
        with store.begin() as connection:
            seen.note(connection, [a_verdict(item)], [item], case=case)

    threads = [threading.Thread(target=decide, args=(code,)) for code in codes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with store.read() as connection:
        assert all(seen.lookup(connection, None, code, category="csam", severity=Severity.HIGH) for code in codes)


def test_words_are_recognised_by_their_bytes(judge: Any, arrive: Any) -> None:
    case = a_case(category="csem.grooming")
    digest = hashlib.sha256(b"zorblax").hexdigest()
    judge(case, an_item(case, sha256=digest), Label.BENIGN)
    assert arrive(a_case(), an_item(case, sha256=digest)) is not None
    assert arrive(case, an_item(case, sha256=None)) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {
                "near": {
                    "least_quality": 20,
                    "radius": 8,
                    "compared": 31,
                    "below": 4,
                    "gravest": {"labels": ["csam"], "radius": 16},
                }
            },
            "least_quality",
        ),
        (
            {
                "near": {
                    "least_quality": 70,
                    "radius": 32,
                    "compared": 31,
                    "below": 4,
                    "gravest": {"labels": ["csam"], "radius": 16},
                }
            },
            "radius",
        ),
        (
            {
                "near": {
                    "least_quality": 70,
                    "radius": 8,
                    "compared": 31,
                    "below": 4,
                    "gravest": {"labels": ["benign"], "radius": 16},
                }
            },
            "labels",
        ),
        ({"days": 0}, "days"),
        ({"never": []}, "never"),
    ],
)
def test_a_policy_with_a_fault_is_refused(change: dict[str, Any], said: str) -> None:
    near = {"least_quality": 70, "radius": 8, "compared": 31, "below": 4, "gravest": {"labels": ["csam"], "radius": 16}}
    good: dict[str, Any] = {"repeats": "mine", "version": 1, "near": near, "days": 30}
    assert parse_repeats(good, "mine").radius == 8
    with pytest.raises(PolicyInvalid, match=said):
        parse_repeats(good | change, "mine")
    assert load_repeats().radius < load_repeats().gravest_radius


def _picture(seed: int) -> Image.Image:
    random = np.random.default_rng(seed)
    picture = Image.new("RGB", (320, 240), tuple(int(value) for value in random.integers(0, 255, 3)))
    pen = ImageDraw.Draw(picture)
    for _ in range(40):
        left, top = (int(value) for value in random.integers(0, 280, 2))
        width, height = (int(value) for value in random.integers(15, 120, 2))
        colour = tuple(int(value) for value in random.integers(0, 255, 3))
        shape = pen.ellipse if random.random() < 0.5 else pen.rectangle
        shape([left, top, left + width, top + height], fill=colour)
    return picture


def _saved_again(picture: Image.Image, count: int, *, resized: bool) -> Iterator[bytes]:
    """Yield copies of a picture: other qualities of JPEG, and, if asked, other sizes and a little noise."""
    random = np.random.default_rng(11)
    for _ in range(count):
        changed = picture
        if resized and random.random() < 0.6:
            scale = random.uniform(0.6, 1.6)
            way = (Image.Resampling.LANCZOS, Image.Resampling.BICUBIC)[int(random.integers(2))]
            changed = picture.resize((round(picture.width * scale), round(picture.height * scale)), way)
        if resized and random.random() < 0.3:
            noisy = np.asarray(changed, np.float32) + random.normal(0, 4, (changed.height, changed.width, 3))
            changed = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
        buffer = io.BytesIO()
        changed.save(buffer, "JPEG", quality=int(random.integers(60, 96)))
        yield buffer.getvalue()


class Copies:
    """A thousand copies of one picture: their bytes by vault object, and an item for each."""

    def __init__(self, *, resized: bool) -> None:
        self.data = {new_id(): data for data in _saved_again(_picture(3), 1000, resized=resized)}
        self.hashed = {name: seawall.pdq(data) for name, data in self.data.items()}

    def items(self, case: Case) -> Iterator[Item]:
        for name, found in self.hashed.items():
            digest = hashlib.sha256(self.data[name]).hexdigest()
            yield with_pdq(case, found.value, found.quality, sha256=digest, vault=name)

    def make(self, object_id: str, rung: Rung, *, user: str, case: str) -> Derivative:
        assert rung is Rung.GREY_FULL
        return Derivative("image/jpeg", self.data[object_id])


@pytest.fixture(scope="module")
def saved() -> Copies:
    """Copies in other qualities."""
    return Copies(resized=False)


@pytest.fixture(scope="module")
def resized() -> Copies:
    """Copies in other qualities and sizes, some with noise."""
    return Copies(resized=True)


def test_a_thousand_copies_of_one_picture_are_looked_at_once(store: Store, seen: SeenOnce, saved: Copies) -> None:
    case = a_case(category="csam", severity=Severity.HIGH)
    looked_at = 0
    with store.begin() as connection:
        for item in saved.items(case):
            if seen.apply(connection, case, item) is None:
                looked_at += 1
                seen.decided(connection, case, a_decision(case), [item], [a_verdict(item)])
    assert looked_at == 1


def test_a_thousand_copies_of_other_sizes_are_looked_at_once_where_pictures_are_compared(
    store: Store, seen: SeenOnce, resized: Copies
) -> None:
    case = a_case(category="csam", severity=Severity.HIGH)
    compared = Compared(store, seen, resized)
    looked_at = 0
    for item in resized.items(case):
        with store.begin() as connection:
            if seen.apply(connection, case, item) is not None:
                continue
        if not compared.known(case, [item]):
            looked_at += 1
            with store.begin() as connection:
                seen.decided(connection, case, a_decision(case), [item], [a_verdict(item)])
    assert looked_at == 1


def test_an_edit_that_pdq_hardly_sees_is_told_by_comparing() -> None:
    told = 0
    for seed in range(8):
        picture = _picture(seed)
        edited = picture.copy()
        ImageDraw.Draw(edited).ellipse((130, 90, 194, 154), fill=(250, 250, 250) if seed % 2 else (5, 5, 5))
        told += not alike(_png(picture), _png(edited))
        assert alike(_png(picture), _jpeg(picture, 50))
        assert not alike(_png(picture), _png(picture.resize((320, 320)))), "another shape is another picture"
    assert told == 8
    assert not alike(b"", _png(_picture(0))) and not alike(_png(Image.new("L", (8, 8))), _png(Image.new("L", (8, 8))))


def test_what_cannot_be_compared_is_looked_at(store: Store, seen: SeenOnce) -> None:
    class Broken:
        def __init__(self, flags: frozenset[str]) -> None:
            self.flags = flags

        def make(self, object_id: str, rung: Rung, *, user: str, case: str) -> Derivative:
            if not self.flags:
                raise SeawallError("destroyed")
            return Derivative("image/png", _png(_picture(1)), flags=self.flags)

    case = a_case(category="csam", severity=Severity.HIGH)
    item, near = (with_pdq(case, flipped(bits), vault=new_id()) for bits in (0, 20))
    with store.begin() as connection:
        seen.decided(connection, case, a_decision(case), [item], [a_verdict(item)])
    assert not Compared(store, seen, Broken(frozenset())).known(case, [near])
    assert not Compared(store, seen, Broken(frozenset({"partial"}))).known(case, [near])
    assert Compared(store, seen, Broken(frozenset({"orientation"}))).known(case, [near])
    grave = a_case(category="csam", severity=Severity.CRITICAL)
    assert not Compared(store, seen, Broken(frozenset({"orientation"}))).known(grave, [near])


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def test_other_pictures_are_looked_at_each(store: Store, seen: SeenOnce) -> None:
    case = a_case(category="adult", severity=Severity.LOW)
    looked_at = 0
    with store.begin() as connection:
        for seed in range(25):
            found = seawall.pdq(np.asarray(_picture(seed)))
            item = with_pdq(case, found.value, found.quality)
            if seen.apply(connection, case, item) is None:
                looked_at += 1
                seen.decided(connection, case, a_decision(case), [item], [a_verdict(item)])
    assert looked_at == 25
