"""Statements come from what is on record, are right before a decision is saved, and are exported once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seawall.cases.model import (
    Case,
    CaseDecision,
    CaseState,
    Door,
    EffectKind,
    GenerativeAi,
    Item,
    ItemKind,
    Label,
    Outcome,
    Severity,
    SubjectKind,
    Verdict,
)
from seawall.errors import NotFound, UsageError
from seawall.maintain.statements import (
    InForce,
    PersonalData,
    Records,
    StatementInvalid,
    StatementKind,
    StatementOptionsInvalid,
    default_options,
    derive,
    export,
    faults,
    load_options,
    parse_options,
)
from seawall.maintain.statements import personal as personal_data
from seawall.maintain.statements.wording import all_words
from seawall.store.tables import case_decision, statement

ADA, BEN = (f"{number:032x}" for number in (0xADA, 0xBE4))
Office = Any
AT = "2026-03-02T09:30:00.000000Z"
CASE = Case(
    "c" * 32, SubjectKind.ACCOUNT, "acct-1-x9", Door.GUARD, "q", Severity.HIGH, "csam", CaseState.DECIDED, False, AT,
    None, None, 1.0, (), 1,
)  # fmt: skip


def an_item(number: int, kind: ItemKind = ItemKind.IMAGE, **changes: Any) -> Item:
    return Item(f"{number:032x}", CASE.id, f"k{number}", kind, AT, **changes)


def a_verdict(item: Item, label: Label, **changes: Any) -> Verdict:
    return Verdict("v" * 32, CASE.id, item.id, label, AT, **({"task_id": "t" * 32, "reviewer": ADA} | changes))


def a_decision(*effects: EffectKind, **changes: Any) -> CaseDecision:
    known = CaseDecision(
        "d" * 32, CASE.id, Outcome.NOT_REPORTABLE, effects or (EffectKind.REMOVE,), "0" * 64, ADA, AT, reasons=("r1",)
    )
    return replace(known, **changes)


def payload_of(items: list[Item], labels: list[Label], **changes: Any) -> dict[str, Any]:
    case = changes.pop("case", CASE)
    records = changes.pop("records", Records())
    options = changes.pop("options", default_options())
    carried = changes.pop("carried", False)
    made = changes.pop("made", {})
    verdicts = [a_verdict(item, label, **made) for item, label in zip(items, labels, strict=True)]
    derived = derive(case, a_decision(**changes), items, verdicts, records, options, carried=carried)
    assert derived.payload is not None
    found = dict(derived.payload)
    assert faults(found) == []
    assert personal_data.faults(found) == []
    return found


@pytest.mark.parametrize("label", [each for each in Label if each not in (Label.BENIGN, Label.UNSURE)])
@pytest.mark.parametrize("kind", list(ItemKind))
def test_every_label_and_every_kind_of_item_gives_a_right_statement(label: Label, kind: ItemKind) -> None:
    found = payload_of([an_item(1, kind), an_item(2, kind)], [label, Label.BENIGN])
    assert found["decision_facts"].startswith(f"1 item of the kind {kind.value}.")


def test_the_categories_are_those_of_the_gravest_label_and_of_the_others() -> None:
    items = [an_item(1), an_item(2), an_item(3)]
    found = payload_of(items, [Label.OTHER_VIOLATION, Label.AIG_CSAM, Label.CSEM_GROOMING])
    assert found["category"] == "STATEMENT_CATEGORY_PROTECTION_OF_MINORS"
    assert found["category_addition"] == ["STATEMENT_CATEGORY_OTHER_VIOLATION_TC"]
    assert found["category_specification"][:2] == [
        "KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE", "KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL",
    ]  # fmt: skip
    assert "KEYWORD_GROOMING_SEXUAL_ENTICEMENT_MINORS" in found["category_specification"]
    assert found["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert found["content_type"] == ["CONTENT_TYPE_IMAGE", "CONTENT_TYPE_SYNTHETIC_MEDIA"]


def test_synthetic_is_only_what_a_person_confirmed() -> None:
    for answer, synthetic in ((GenerativeAi.YES, True), (GenerativeAi.UNKNOWN, False), (GenerativeAi.NO, False)):
        found = payload_of([an_item(1)], [Label.ADULT], made={"generative_ai": answer})
        assert ("CONTENT_TYPE_SYNTHETIC_MEDIA" in found["content_type"]) is synthetic


@pytest.mark.parametrize(
    ("lanes", "source"),
    [
        ({"trusted", "user"}, "SOURCE_TRUSTED_FLAGGER"), ({"user"}, "SOURCE_ARTICLE_16"),
        ({"hotline"}, "SOURCE_TYPE_OTHER_NOTIFICATION"), (set(), "SOURCE_TYPE_OTHER_NOTIFICATION"),
    ],
)  # fmt: skip
def test_the_source_is_the_way_by_which_it_came(lanes: set[str], source: str) -> None:
    noticed = an_item(1, notice_id="n" * 32)
    case = replace(CASE, door=Door.NOTICE)
    found = payload_of([noticed], [Label.ADULT], case=case, records=Records(lanes))
    assert (found["source_type"], found["automated_detection"]) == (source, "No")
    both = replace(noticed, decision_id="g" * 32)
    assert payload_of([both], [Label.ADULT], case=case, records=Records(lanes))["automated_detection"] == "Yes"
    assert payload_of([an_item(1)], [Label.ADULT])["source_type"] == "SOURCE_VOLUNTARY"


def test_whether_machines_decided_is_told_as_it_was() -> None:
    item = [an_item(1)]
    carried = {"task_id": None, "reviewer": None, "of": "v" * 32}
    assert payload_of(item, [Label.ADULT])["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"
    partly = payload_of(item, [Label.ADULT], made=carried)
    assert partly["automated_decision"] == "AUTOMATED_DECISION_PARTIALLY"
    fully = payload_of(item, [Label.ADULT], made=carried, carried=True)
    assert fully["automated_decision"] == "AUTOMATED_DECISION_FULLY"


def test_what_the_guard_did_to_the_account_is_part_of_it_with_its_end() -> None:
    ban, short = InForce("ban", None), InForce("suspend", "2026-04-01T00:00:00.000000Z")
    found = payload_of([an_item(1)], [Label.ADULT], records=Records(in_force=[short]))
    assert found["decision_account"] == "DECISION_ACCOUNT_SUSPENDED"
    assert found["end_date_account_restriction"] == "2026-04-01"
    found = payload_of([an_item(1)], [Label.ADULT], records=Records(in_force=[short, ban]))
    assert found["decision_account"] == "DECISION_ACCOUNT_TERMINATED"
    assert "end_date_account_restriction" not in found


def test_a_statement_is_written_with_its_decision(office: Office) -> None:
    decision = office.decided()
    found = office.statements.of_decision(decision.id)
    assert found.kind is StatementKind.RESTRICTION
    assert found.puid == f"seawall-{decision.id}"
    assert found.payload is not None
    assert faults(found.payload) == []
    assert found.payload["decision_visibility"] == [
        "DECISION_VISIBILITY_CONTENT_REMOVED", "DECISION_VISIBILITY_OTHER",
    ]  # fmt: skip
    assert office.events("statement.written")[0]["kind"] == "restriction"
    subject = office.cases.get(decision.case_id).subject
    assert subject not in json.dumps(dict(found.payload))
    assert office.statements.get(found.id) == found
    assert [each.id for each in office.statements.list(case_id=decision.case_id)] == [found.id]


def test_what_the_account_is_told_has_reasons_and_redress_in_every_language_and_no_content(office: Office) -> None:
    decision = office.decided()
    told = office.statements.payload(decision.id)
    assert set(told["texts"]) == {"ar", "de", "en"}
    for text in told["texts"].values():
        assert told["receipt"] in text["body"]
        assert "terms-4" in text["body"]
        assert "because" not in text["body"]
    assert "six months" in told["texts"]["en"]["body"]
    assert "article 21" in told["texts"]["en"]["body"]
    assert office.statements.by_receipt(told["receipt"].lower()).decision_id == decision.id
    assert len(json.dumps(dict(told))) < 1 << 16
    with office.store.read() as connection:
        assert told["receipt"] not in repr(connection.execute(statement.select()).mappings().all())


def test_all_languages_say_the_same_things() -> None:
    words = {code: each.model_dump() for code, each in all_words().items()}

    def shape(data: Any) -> Any:
        return {key: shape(value) for key, value in data.items()} if isinstance(data, dict) else None

    assert len({json.dumps(shape(each), sort_keys=True) for each in words.values()}) == 1
    assert {each.value for each in Label} - set(words["en"]["grounds"]) == {"benign", "unsure"}


@pytest.mark.parametrize(
    "reason", ["as agreed with Ada Lovelace", "someone@example.org said so", "call +49 30 1234567", "SUBJECT again"]
)
def test_a_decision_whose_statement_names_somebody_is_not_saved(office: Office, reason: str) -> None:
    case_id = office.open()
    subject = office.cases.get(case_id).subject
    with pytest.raises(PersonalData) as caught:
        office.decide(case_id, reasons=[reason.replace("SUBJECT", subject)])
    assert subject not in str(caught.value)
    assert "Lovelace" not in str(caught.value)
    assert office.cases.decisions(case_id) == []
    assert office.effects(case_id) == []
    with office.store.read() as connection:
        assert connection.execute(case_decision.select()).first() is None
    claim = office.take(ADA)
    assert claim.case.id == case_id
    assert office.decide(case_id).reasons == ("terms-4",)


def test_a_decision_whose_statement_would_be_refused_is_not_saved(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seawall.maintain.statements.deriving.puid_of", lambda _decision: "not a puid")
    case_id = office.open()
    with pytest.raises(StatementInvalid, match="puid"):
        office.decide(case_id)
    assert office.cases.decisions(case_id) == []


def test_an_account_called_like_a_word_of_the_texts_can_be_decided_on(office: Office) -> None:
    case_id = office.open(subject="people")
    assert office.decide(case_id).case_id == case_id


def test_what_restricts_nothing_is_told_to_the_account_alone_or_to_nobody(office: Office) -> None:
    told = office.decide(
        office.open(), label=Label.BENIGN, outcome=Outcome.NO_VIOLATION, effects=[EffectKind.NOTIFY], reasons=[]
    )
    found = office.statements.of_decision(told.id)
    assert (found.kind, found.payload) == (StatementKind.INFORMATION, None)
    silent = office.decide(office.open(), label=Label.BENIGN, outcome=Outcome.NO_VIOLATION, effects=[], reasons=[])
    assert office.statements.payload(silent.id) is None
    with pytest.raises(NotFound):
        office.statements.of_decision(silent.id)


def test_datasets_are_no_matter_of_the_transparency_database(office: Office) -> None:
    case_id = office.open(door=Door.SCAN, subject_kind=SubjectKind.SOURCE, subject="shard-1")
    decision = office.decide(case_id, effects=[EffectKind.REMOVE])
    assert office.statements.payload(decision.id) is None


def an_overturned(office: Office) -> tuple[CaseDecision, CaseDecision]:
    decision = office.decided()
    with office.store.begin() as connection:
        made = office.cases.overturn(connection, decision.id, person=BEN, reason="a mistake")
    return decision, made


def test_an_export_writes_files_of_a_hundred_and_nothing_twice(office: Office, tmp_path: Path) -> None:
    out = tmp_path / "dsa"
    decision, _ = an_overturned(office)
    office.decide(office.open(drill=True, category="canary"), label=Label.CANARY, effects=[EffectKind.REMOVE])
    first = export(office.statements, out)
    assert (first.new, first.known, first.overturned, first.files) == (1, 0, 1, ("statements-000001.json",))
    before = (out / "statements-000001.json").read_bytes()
    (found,) = json.loads(before)["statements"]
    assert found["puid"] == f"seawall-{decision.id}"
    assert json.loads((out / "overturned.json").read_bytes()) == {"puids": [found["puid"]]}
    again = export(office.statements, out)
    assert (again.new, again.known, again.files) == (0, 1, ())
    office.decided()
    third = export(office.statements, out)
    assert (third.new, third.files) == (1, ("statements-000002.json",))
    assert (out / "statements-000001.json").read_bytes() == before


def test_an_export_that_was_interrupted_goes_on_where_it_was(office: Office, tmp_path: Path) -> None:
    puids = {f"seawall-{office.decided().id}" for _ in range(5)}
    whole = export(office.statements, tmp_path / "whole", 2)
    assert [len(json.loads((tmp_path / "whole" / name).read_bytes())["statements"]) for name in whole.files] == [
        2,
        2,
        1,
    ]
    out = tmp_path / "broken"
    out.mkdir()
    (out / "statements-000001.json").write_bytes((tmp_path / "whole" / "statements-000001.json").read_bytes())
    (out / ".statements-000002.json.x1").write_text("half a f")
    assert export(office.statements, out).new == 3
    written = [
        each["puid"]
        for file in sorted(out.glob("statements-*.json"))
        for each in json.loads(file.read_bytes())["statements"]
    ]
    assert (len(written), set(written)) == (5, puids)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"statements": [{}]}', '{"statements": [{"puid": 1}]}'])
def test_an_export_does_not_guess_what_a_foreign_file_holds(office: Office, tmp_path: Path, text: str) -> None:
    (tmp_path / "statements-000001.json").write_text(text)
    with pytest.raises(UsageError):
        export(office.statements, tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        {"labels": {"csam": {"ground": "illegal", "category": "NOPE", "basis": "x", "explanation": "y"}}},
        {"effects": {"remove": {"decision_visibility": ["DECISION_VISIBILITY_OTHER"]}}},
        {"effects": {"remove": {}}},
        {"effects": {"nope": {}}},
        {"terms_url": "https://user@example.org"},
        {"terms_url": "https://example.org/users/1"},
        {"territory": ["US"]},
        {"territory": []},
        {"facts": {"text": "{nope}"}},
        {"facts": {"text": "{items.__class__}"}},
        {"facts": {"text": "{items!r:>100000000}"}},
        {"facts": {"text": "{"}},
        {"facts": {"text": "ask someone@example.org {items}"}},
        {"account_type": "both"},
        {"nope": 1},
        [],
    ],
)
def test_settings_of_which_no_statement_could_be_right_are_refused(data: Any) -> None:
    with pytest.raises(StatementOptionsInvalid):
        parse_options(data)


def test_settings_are_laid_over_those_that_ship(tmp_path: Path) -> None:
    (tmp_path / "statements.yaml").write_text("platform: Example\nterritory: [EU]\naccount_type: private\n")
    found = load_options(tmp_path)
    assert (found.platform, len(found.countries)) == ("Example", 27)
    assert found.labels == default_options().labels
    assert found.digest != default_options().digest
    assert payload_of([an_item(1)], [Label.ADULT], options=found)["account_type"] == "ACCOUNT_TYPE_PRIVATE"


def test_a_case_with_many_reasons_in_any_script_can_still_be_sent(office: Office) -> None:
    decision = office.decide(office.open(), reasons=[f"{number:02} " + "ق" * 190 for number in range(32)])
    told = office.statements.payload(decision.id)
    assert len(json.dumps(dict(told))) < 1 << 16
