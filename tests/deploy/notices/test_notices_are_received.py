"""Notices are taken from anybody, become cases, and end with an outcome that their sender can see."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.cases.model import Door, EffectKind, ItemKind, Outcome, Severity, SubjectKind
from seawall.deploy.notices import (
    Category,
    Contact,
    Lane,
    NewNotice,
    NoticeInvalid,
    NoticeObject,
    NoticeOutcome,
    ObjectType,
    Sender,
    Stage,
    TooManyNotices,
    UnknownReceipt,
    figures,
    on_receipt,
    on_status,
)
from seawall.deploy.notices.deciding import awaiting_removal, removed
from seawall.deploy.notices.receipts import derive_receipt, read_receipt
from seawall.deploy.notices.validation import normalised

ZORBLAX = "there is a zorblax behind this address"
PICTURE = NoticeObject(ObjectType.IMAGE, "gen-123")
CHILD = NewNotice(Category.MINOR_SEXUAL_CONTENT, (PICTURE,))
NAMED = Contact(name="Ada Example", email="ada@example.org")
OTHER = NewNotice(Category.OTHER, (PICTURE,), text=ZORBLAX, contact=NAMED, good_faith=True)
REQUEST = NewNotice(
    Category.NCII_ADULT,
    (NoticeObject(ObjectType.LINK, "https://host.example/p/1"),),
    contact=Contact(email="ada@example.org"),
    good_faith=True,
    signature="Ada Example",
    take_it_down=True,
)


def problems(notices: Any, notice: NewNotice, sender: Sender | None = None) -> set[tuple[str, str]]:
    with pytest.raises(NoticeInvalid) as caught:
        notices.receive(notice, sender)
    return {(each.field, each.kind) for each in caught.value.problems}


def test_a_notice_about_a_child_needs_a_category_and_a_place_and_no_name(bench):
    receipt = bench.notices.receive(CHILD)
    status = bench.notices.status(receipt.token)
    assert (status.stage, status.lane, status.outcome) == (Stage.RECEIVED, Lane.USER, None)
    [(_, opening)] = bench.cases.openings
    assert (opening.door, opening.severity, opening.category) == (Door.NOTICE, Severity.CRITICAL, "csam")
    assert [(item.kind, item.ref) for item in opening.items] == [(ItemKind.IMAGE, "gen-123")]
    assert opening.due_at == receipt.due == "2026-03-03T09:30:00.000000Z"


def test_words_alone_are_enough_if_a_child_is_in_danger(bench):
    danger = NewNotice(Category.MINOR_IN_DANGER, text=ZORBLAX, imminent_danger=True)
    receipt = bench.notices.receive(danger)
    assert receipt.due == "2026-03-02T10:30:00.000000Z"
    [(_, opening)] = bench.cases.openings
    assert opening.imminent
    assert opening.items[0].kind is ItemKind.TEXT
    assert opening.items[0].vault == bench.notices.by_receipt(receipt.token).content
    assert problems(bench.notices, NewNotice(Category.MINOR_IN_DANGER)) == {("subject", "missing")}


def test_other_notices_need_what_article_16_names(bench):
    missing = problems(bench.notices, NewNotice(Category.OTHER))
    names = ("subject", "good_faith", "text", "contact.name", "contact.email")
    assert missing == {(name, "missing") for name in names}
    receipt = bench.notices.receive(OTHER)
    assert bench.notices.by_receipt(receipt.token).sufficient
    assert not bench.notices.by_receipt(bench.notices.receive(CHILD).token).sufficient


def test_whoever_says_that_a_minor_is_involved_need_not_be_named(bench):
    receipt = bench.notices.receive(NewNotice(Category.OTHER, (PICTURE,), minor_involved=True))
    assert bench.notices.by_receipt(receipt.token).child_safety
    assert bench.cases.openings[0][1].severity is Severity.CRITICAL


def test_every_problem_is_told_at_once_and_by_field(bench):
    wrong = replace(
        OTHER, text="x" * 2001, contact=Contact(name="A", email="no address"), country="Germany", locale="?",
        objects=(NoticeObject(ObjectType.IMAGE, "a\x00b"),),
    )  # fmt: skip
    assert problems(bench.notices, wrong) == {
        ("text", "too_long"),
        ("contact.email", "format"),
        ("country", "format"),
        ("locale", "format"),
        ("subject", "format"),
    }
    assert bench.cases.openings == []


def test_only_the_host_may_name_accounts_and_call_something_a_drill(bench):
    claimed = replace(CHILD, objects=(replace(PICTURE, account="acc-1"),), drill=True)
    assert problems(bench.notices, claimed) == {("subject.account", "not_allowed"), ("drill", "not_allowed")}
    bench.notices.receive(claimed, Sender(key_name="host", host=True))
    [(_, opening)] = bench.cases.openings
    assert (opening.subject_kind, opening.subject) == (SubjectKind.ACCOUNT, "acc-1")
    assert (opening.drill, opening.category) == (True, "canary")


@pytest.mark.parametrize("kind", list(ObjectType))
def test_every_kind_of_object_can_be_reported(bench, kind):
    bench.notices.receive(replace(CHILD, objects=(NoticeObject(kind, "thing-1"),)))
    [(_, opening)] = bench.cases.openings
    assert opening.items[0].kind.value == ("file" if kind is ObjectType.OTHER else kind.value)


def test_notices_of_one_thing_are_one_item_of_one_case(bench):
    link = NoticeObject(ObjectType.LINK, "https://Host.example/p/1#top")
    same = NoticeObject(ObjectType.LINK, "http://www.host.example/p/1")
    bench.notices.receive(replace(CHILD, objects=(link,)))
    bench.notices.receive(replace(CHILD, objects=(same,), text=ZORBLAX))
    (first, one), (second, two) = bench.cases.openings
    assert first == second
    assert one.items[0].key == two.items[0].key
    assert len(bench.notices.of_case(first)) == 2


def test_a_notice_of_several_things_joins_the_case_of_the_one_that_is_known(bench):
    bench.notices.receive(CHILD)
    another = NoticeObject(ObjectType.MODEL, "lora-7")
    bench.notices.receive(replace(CHILD, objects=(another, PICTURE)))
    assert len({case for case, _ in bench.cases.openings}) == 1


def test_the_same_again_gives_the_same_receipt_and_no_second_notice(bench):
    once = replace(CHILD, request_id="form-1")
    first, again = bench.notices.receive(once), bench.notices.receive(once)
    assert first == again
    assert len(bench.cases.openings) == 1
    other = bench.notices.receive(replace(once, text=ZORBLAX))
    assert other.token != first.token


def test_words_and_contacts_are_in_the_vault_alone(bench):
    receipt = bench.notices.receive(replace(OTHER, reference="r-1"))
    stored = bench.notices.by_receipt(receipt.token)
    record = bench.everything_on_the_record() + repr(stored)
    for secret in (ZORBLAX, "ada@example.org", "Ada Example", receipt.token):
        assert secret not in record
    for path in bench.home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert ZORBLAX.encode() not in content
            assert receipt.token.encode() not in content
    assert bench.notices.words(stored.id, person="ada", purpose="case") == ZORBLAX
    told = bench.notices.contact(stored.id, person="ada", purpose="question")
    assert told == {"name": "Ada Example", "email": "ada@example.org"}
    opened = bench.events("vault.opened")
    assert [each["body"]["purpose"] for each in opened] == ["case", "question"]


def test_a_notice_that_cannot_be_recorded_leaves_no_words_behind(bench):
    bench.cases.fails = RuntimeError()
    with pytest.raises(RuntimeError):
        bench.notices.receive(OTHER)
    assert list(bench.vault.objects(destroyed=False)) == []
    assert bench.notices.list() == []


def test_a_receipt_can_be_typed_in_any_way_and_a_wrong_one_says_nothing(bench):
    receipt = bench.notices.receive(CHILD)
    typed = receipt.token.replace("-", " ").lower().replace("0", "o").replace("1", "l")
    assert bench.notices.status(typed) == bench.notices.status(receipt.token)
    for wrong in ("", "x", "0" * 25, "é" * 25, "1" * 5000):
        with pytest.raises(UnknownReceipt):
            bench.notices.status(wrong)


@given(st.binary(min_size=1, max_size=64), st.text(max_size=20))
def test_receipts_read_back_as_themselves(secret, what):
    token = derive_receipt(secret, what)
    assert read_receipt(token) == read_receipt(token.lower().replace("-", "")) == token


@given(st.text(max_size=300))
def test_any_text_can_be_a_place_and_normalising_it_twice_changes_nothing(text):
    assert normalised(normalised(text)) == normalised(text)


def test_over_the_bound_a_sender_is_told_when_to_come_again(bench):
    notices = bench.with_options(rates={"address": 2, "key": 3})
    here, there = Sender(address="192.0.2.1"), Sender(address="192.0.2.2")
    for _ in range(2):
        notices.receive(CHILD, here)
    with pytest.raises(TooManyNotices) as caught:
        notices.receive(CHILD, here)
    assert caught.value.retry_after == 1800
    notices.receive(CHILD, there)
    assert len(bench.cases.openings) == 3
    bench.clock.turn(hours=1)
    notices.receive(CHILD, here)
    for _ in range(3):
        notices.receive(CHILD, Sender(key_name="host", host=True))
    with pytest.raises(TooManyNotices):
        notices.receive(CHILD, Sender(key_name="host", host=True))
    assert notices.rates.forget() == 0
    bench.clock.turn(days=3)
    assert notices.rates.forget() == 4


def test_who_has_many_addresses_of_one_network_is_one_sender(bench):
    notices = bench.with_options(rates={"address": 2})
    for last in ("1", "2"):
        notices.receive(CHILD, Sender(address=f"2001:db8:1:2::{last}"))
    with pytest.raises(TooManyNotices):
        notices.receive(CHILD, Sender(address="2001:db8:1:2:ffff::3"))
    notices.receive(CHILD, Sender(address="2001:db8:1:3::1"))
    notices.receive(CHILD, Sender(address="testclient"))


def test_the_sender_learns_what_was_decided_and_never_what_it_shows(bench):
    receipt = bench.notices.receive(OTHER)
    [(case, _)] = bench.cases.openings
    bench.clock.turn(hours=5)
    bench.decide(case, Outcome.REPORTABLE, EffectKind.REMOVE, EffectKind.STRIKE)
    status = bench.notices.status(receipt.token)
    assert (status.stage, status.outcome) == (Stage.REMOVAL_UNDER_WAY, NoticeOutcome.UPHELD)
    told = on_status(status, bench.notices.options)
    assert told.outcome and told.redress and told.next
    assert "zorblax" not in repr(told)
    body = bench.events("notice.decided")[0]["body"]
    assert (body["outcome"], body["in_time"], body["drill"]) == ("upheld", True, False)


def test_a_removal_counts_when_whoever_hosts_it_has_said_that_it_is_gone(bench):
    for hours in (5, 30):
        receipt = bench.notices.receive(replace(CHILD, objects=(NoticeObject(ObjectType.IMAGE, f"gen-{hours}"),)))
        case = bench.cases.openings[-1][0]
        decision = bench.decide(case, Outcome.REPORTABLE, EffectKind.REMOVE)
        before = figures(bench.store)
        bench.clock.turn(hours=hours)
        with bench.store.begin() as connection:
            assert list(awaiting_removal(connection)) == [decision]
            at = bench.clock().isoformat(timespec="microseconds").replace("+00:00", "Z")
            assert removed(connection, bench.ledger, decision, at) == 1
            assert removed(connection, bench.ledger, decision, at) == 0
        assert figures(bench.store).removed == before.removed + 1
        assert bench.notices.status(receipt.token).stage is Stage.DONE
    now = figures(bench.store)
    assert (now.received, now.removals, now.removed, now.removed_within_24h) == (2, 2, 2, 1)
    assert (now.decided, now.upheld, now.precision, now.in_time) == (2, 2, 1.0, 2)


def test_a_notice_with_two_cases_is_decided_when_both_are(bench):
    accounts = (replace(PICTURE, account="acc-1"), NoticeObject(ObjectType.IMAGE, "gen-9", account="acc-2"))
    receipt = bench.notices.receive(replace(CHILD, objects=accounts), Sender(key_name="host", host=True))
    (first, _), (second, _) = bench.cases.openings
    bench.decide(first, Outcome.NO_VIOLATION)
    assert bench.notices.status(receipt.token).stage is Stage.RECEIVED
    bench.decide(second, Outcome.NOT_REPORTABLE)
    assert bench.notices.status(receipt.token).outcome is NoticeOutcome.UPHELD


def test_drills_stay_out_of_the_figures(bench):
    bench.notices.receive(replace(CHILD, drill=True), Sender(key_name="host", host=True))
    assert figures(bench.store).received == 0


@pytest.mark.parametrize("locale", ["en", "de-AT", "ar", "fr"])
def test_the_sender_is_told_what_happens_next_in_their_language(bench, locale):
    receipt = bench.notices.receive(replace(CHILD, locale=locale, imminent_danger=True, country="DE"))
    told = on_receipt(receipt, bench.notices.options)
    assert told.language == {"de-AT": "de", "ar": "ar"}.get(locale, "en")
    assert len(told.next) == 4
    assert told.emergency


def test_an_emergency_number_is_the_operators_own_and_of_its_country(bench):
    number = {"number": "000 000", "source": "the operator's own note", "verified_on": "2026-03-01"}
    options = bench.with_options(emergency={"DE": number}).options
    receipt = bench.notices.receive(replace(CHILD, imminent_danger=True, country="DE"))
    assert "000 000" in (on_receipt(receipt, options).emergency or "")
    elsewhere = bench.notices.receive(replace(CHILD, imminent_danger=True, country="FR"))
    assert "000 000" not in (on_receipt(elsewhere, options).emergency or "")


def test_a_take_it_down_request_has_48_hours_and_needs_what_its_act_names(bench):
    bare = NewNotice(Category.NCII_ADULT, take_it_down=True)
    names = ("subject", "good_faith", "take_it_down.signature", "contact.email")
    assert problems(bench.notices, bare) == {(name, "missing") for name in names}
    receipt = bench.notices.receive(REQUEST)
    assert (receipt.lane, receipt.due) == (Lane.TAKE_IT_DOWN, "2026-03-04T09:30:00.000000Z")
    assert bench.notices.by_receipt(receipt.token).escalate_at == "2026-03-03T21:30:00.000000Z"
    assert bench.cases.openings[0][1].category == "ncii_adult"


def test_what_concerns_a_minor_is_never_handled_as_material_of_an_adult(bench):
    receipt = bench.notices.receive(replace(REQUEST, minor_involved=True))
    stored = bench.notices.by_receipt(receipt.token)
    assert (stored.lane, stored.category) == (Lane.USER, Category.CHILD_IMAGE_MISUSED)
    assert receipt.due == "2026-03-03T09:30:00.000000Z"
    assert bench.cases.openings[0][1].category != "ncii_adult"


def test_the_case_is_that_of_the_account_if_the_guard_has_decided_on_the_item(bench):
    bench.notices._locate = {"gen-123": "acc-7"}.get
    bench.notices.receive(CHILD)
    [(_, opening)] = bench.cases.openings
    assert (opening.subject_kind, opening.subject) == (SubjectKind.ACCOUNT, "acc-7")


def test_an_installation_opens_its_notices_with_its_own_settings(seawall_home, bench):
    from seawall.deploy.notices import open_notices
    from seawall.errors import UsageError
    from seawall.settings import Settings

    seawall_home.mkdir()
    (seawall_home / "notices.yaml").write_text("service: Example\nevidence_hosts: [media.example]\n")
    settings = Settings.from_env()
    with open_notices(settings, lambda _store, _ledger: bench.cases) as notices:
        assert notices.options.service == "Example"
        link = NoticeObject(ObjectType.LINK, "https://media.example/1")
        receipt = notices.receive(replace(CHILD, objects=(link, NoticeObject(ObjectType.IMAGE, "0" * 32))))
    with open_notices(settings) as again:
        assert again.status(receipt.token).stage is Stage.RECEIVED
        with pytest.raises(UsageError):
            again.receive(CHILD)


@pytest.mark.parametrize("text", ["service: [1]", "embed: ['*']", "zorblax: 1", "rates: {address: 0}", "a: &a [*a]"])
def test_settings_that_cannot_be_used_are_refused(tmp_path, text):
    from seawall.deploy.notices import load_options
    from seawall.deploy.notices.errors import OptionsInvalid

    (tmp_path / "notices.yaml").write_text(text)
    with pytest.raises(OptionsInvalid):
        load_options(tmp_path)


def test_the_same_notice_at_the_same_time_is_one_notice(bench):
    said = replace(OTHER, request_id="form-7")
    with ThreadPoolExecutor(6) as pool:
        receipts = list(pool.map(lambda _: bench.notices.receive(said), range(6)))
    assert len({each.token for each in receipts}) == 1
    [stored] = bench.notices.list()
    kept = {each.id for each in bench.vault.objects(destroyed=False)}
    assert kept == {stored.content, stored.contact}
