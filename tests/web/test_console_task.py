"""The page of a task and its form: what lacks is told, what is said is recorded, and two people decide."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from seawall.cases.model import Door, EffectKind, ItemKind, Label, NewItem, Outcome, Severity
from seawall.store.tables import report_draft
from seawall.users import Role
from tests.web.console_bench import Bench, Person, benign, open_bench, picture, rule_broken

SAVED = "/review?told=saved"


@pytest.fixture
def bench(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Bench]:
    with open_bench(migrated_sqlite, tmp_path) as opened:
        yield opened


def opened(bench: Bench, *numbers: int, **rest: Any) -> tuple[str, list[str]]:
    """Open a case of pictures; return its id and theirs."""
    case = bench.open(*(bench.item(picture(number)) for number in numbers), **rest)
    return case, bench.ids(case)


def error_of(page: str, field: str) -> str:
    """What is told beside a field; nothing if nothing is."""
    found = re.search(rf'<p class="error" id="{re.escape(field)}-error">([^<]*)</p>', page)
    return unescape(found[1]) if found else ""


def test_each_field_that_lacks_is_told_beside_it_and_in_the_summary(bench: Bench) -> None:
    _, (one, two) = opened(bench, 1, 2)
    rita = bench.person("rita")
    task = rita.take()
    answer = rita.decide(task, {})
    assert answer.status_code == 422
    page = answer.text
    wanted = {
        f"label-{one}": "Choose what it is.",
        f"label-{two}": "Choose what it is.",
        "outcome": "Choose what the case comes to.",
    }
    for field, words in wanted.items():
        assert error_of(page, field) == words, field
        assert f'<a href="#{field}">{words}</a>' in page, field
        assert re.search(rf'id="{field}" name="{field}"[^>]*aria-describedby="\s*{field}-error"', page), field
        assert re.search(rf'id="{field}" name="{field}"[^>]*aria-invalid="true"', page), field
    assert re.search(r'<div[^>]*role="alert"', page)
    answer = rita.decide(task, {f"label-{one}": "other_violation", f"label-{two}": "benign", "outcome": "duplicate"})
    assert error_of(answer.text, f"why-{one}") == "Say why."
    assert error_of(answer.text, f"why-{two}") == ""
    assert error_of(answer.text, "reasons") == "Name at least one rule."
    assert error_of(answer.text, "outcome") == ""


def test_nothing_that_was_typed_is_lost_when_something_lacks(bench: Bench) -> None:
    _, (item,) = opened(bench, 1)
    rita = bench.person("rita")
    task = rita.take()
    typed = {
        f"label-{item}": "csem.sexualised_media",
        f"industry-{item}": "B2",
        f"ai-{item}": "yes",
        f"why-{item}": 'line one\n"two" & <three>',
        "effect": ["remove", "notify"],
        "reasons": 'rule "7", rule-9',
    }
    page = rita.decide(task, typed).text
    assert f'"{rita.csrf}"' in page
    assert '<option value="csem.sexualised_media" selected>' in page
    assert "<option selected>B2</option>" in page
    assert '<option value="yes" selected>' in page
    assert "line one\n&#34;two&#34; &amp; &lt;three&gt;</textarea>" in page
    assert re.findall(r'name="effect" value="(\w+)" checked', page) == ["remove", "notify"]
    assert 'value="rule &#34;7&#34;, rule-9"' in page
    # What the book of cases refuses is told in the same way.
    answer = rita.decide(task, {**typed, "outcome": "no_violation"})
    assert answer.status_code == 422
    assert "a case with an item against the rules is not without violation" in answer.text
    assert "line one\n&#34;two&#34;" in answer.text


def test_what_a_form_says_is_what_is_recorded(bench: Bench) -> None:
    case, (one, two) = opened(bench, 1, 2)
    rita = bench.person("rita")
    task = rita.take()
    said = {
        **rule_broken(one),
        f"label-{two}": "benign",
        f"ai-{one}": "no",
        "effect": ["remove", "notify", "nonsense"],
        "reasons": "rule-1, rule-2,, ",
        "label-" + "0" * 32: "benign",
        "unknown": "x",
    }
    assert rita.decide(task, said).headers["location"] == SAVED
    (decision,) = bench.casework.cases.decisions(case)
    assert (decision.outcome, decision.first, decision.second) == (Outcome.NOT_REPORTABLE, rita.id, None)
    assert decision.effects == (EffectKind.REMOVE, EffectKind.NOTIFY)
    assert decision.reasons == ("rule-1", "rule-2")
    verdicts = {each.item_id: each for each in bench.casework.cases.verdicts(case)}
    assert (verdicts[one].label, verdicts[one].rationale) == (Label.OTHER_VIOLATION, "a rule")
    assert (verdicts[one].generative_ai.value, verdicts[one].vocabulary) == ("no", ())
    assert verdicts[two].label is Label.BENIGN
    assert "The decision is saved." in rita.get(SAVED).text


BIRDS = {
    "name": "birds",
    "version": "3.1",
    "sections": [{"name": "Waders", "terms": [{"id": "heron", "label": "Heron"}, {"id": "ibis", "label": "Ibis"}]}],
}


def test_terms_are_chosen_from_imported_vocabularies(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "birds.json").write_text(json.dumps(BIRDS))
    bench.casework.vocabularies.add(tmp_path / "birds.json")
    case, (item,) = opened(bench, 1)
    rita = bench.person("rita")
    task = rita.take()
    assert re.findall(rf'name="term-{item}" form="decision" value="([^"]*)"', rita.page) == [
        "birds@3.1:heron",
        "birds@3.1:ibis",
    ]
    for term in ("heron", "birds@3.1:owl", "birds@9:heron", "fish@1:carp", "birds:heron", "@:", "birds@3.1"):
        answer = rita.decide(task, rule_broken(item) | {f"term-{item}": ["birds@3.1:ibis", term]})
        assert answer.status_code == 422, term
        assert 'value="birds@3.1:ibis" checked' in answer.text
        assert "a rule</textarea>" in answer.text
    said = rule_broken(item) | {f"term-{item}": ["birds@3.1:ibis", "birds@3.1:heron"]}
    assert rita.decide(task, said).headers["location"] == SAVED
    assert bench.casework.cases.verdicts(case)[0].vocabulary == ("birds@3.1:ibis", "birds@3.1:heron")


def test_a_label_that_there_is_not_is_none(bench: Bench) -> None:
    _, (item,) = opened(bench, 1)
    rita = bench.person("rita")
    task = rita.take()
    for label in ("", "everything", "canary"):
        assert rita.decide(task, benign(item) | {f"label-{item}": label}).status_code == 422
    for outcome in ("", "fine", "NO_VIOLATION"):
        answer = rita.decide(task, benign(item, outcome=outcome))
        assert error_of(answer.text, "outcome") == "Choose what the case comes to."


def test_a_drill_can_be_nothing_but_what_drills_are(bench: Bench) -> None:
    case, (item,) = opened(bench, 1, drill=True, door=Door.DRILL, category="canary", severity=Severity.LOW)
    rita = bench.person("rita")
    task = rita.take()
    labels = re.findall(rf'name="label-{item}".*?</select>', rita.page, re.DOTALL)
    assert re.findall(r'<option value="(\w+)"', labels[0]) == ["canary", "benign", "unsure"]
    assert ">drill<" in rita.page
    assert rita.decide(task, rule_broken(item)).status_code == 422
    said = {f"label-{item}": "canary", "outcome": "not_reportable", "reasons": "rule-1"}
    assert rita.decide(task, said).headers["location"] == SAVED
    assert bench.casework.cases.decisions(case)[0].drill


def first_said(bench: Bench, said: Mapping[str, Any], **case: Any) -> tuple[Person, Person, str, str]:
    """Let one person judge a case of one picture, and another one take it; return them, the task and the item."""
    _, (item,) = opened(bench, 1, **case)
    rita, sam = bench.person("rita"), bench.person("sam")
    fields = {name.replace("*", item): value for name, value in said.items()}
    answer = rita.decide(rita.take(), fields)
    assert answer.headers["location"] == "/review?told=second"
    assert "A second person confirms it." in rita.get(answer.headers["location"]).text
    assert rita.post("/review/next", {"queue": ""}).headers["location"] == "/review?told=nothing"
    return rita, sam, sam.take(), item


def test_whoever_confirms_sees_what_was_said_and_two_people_decide(bench: Bench) -> None:
    said = {**rule_broken("*"), "why-*": "my own words"}
    rita, sam, task, item = first_said(bench, said, severity=Severity.CRITICAL)
    assert "What a colleague said" in sam.page
    assert "<li>Another rule: my own words</li>" in sam.page
    assert "Second review" in sam.page
    assert rita.user.name not in sam.page
    assert sam.decide(task, rule_broken(item)).headers["location"] == SAVED
    (decision,) = bench.casework.cases.decisions(bench.casework.cases.task(task).case_id)
    assert (decision.first, decision.second) == (rita.id, sam.id)


def test_whoever_judges_blind_is_told_nothing_of_what_was_said(bench: Bench) -> None:
    rita, sam, task, item = first_said(bench, benign("*", **{"why-*": "my own words"}), severity=Severity.CRITICAL)
    case = bench.casework.cases.task(task).case_id
    for path in (f"/review/tasks/{task}", f"/review/cases/{case}", "/review/cases", "/review"):
        page = sam.get(path).text
        assert "my own words" not in page
        assert "What a colleague said" not in page
        assert '"benign" selected' not in page
        assert rita.user.pseudonym not in page or "/cases/" in path
    shown = re.sub(r"<option.*?</option>|<script.*?</script>", "", sam.get(f"/review/cases/{case}").text)
    assert "Nothing wrong" not in shown
    assert "No violation" not in shown
    answer = sam.decide(task, rule_broken(item))
    assert answer.headers["location"] == "/review?told=disagrees"
    assert "somebody else is asked" in sam.get(answer.headers["location"]).text


def test_when_three_do_not_agree_a_lead_decides(bench: Bench) -> None:
    rita, sam, task, item = first_said(bench, benign("*"), severity=Severity.CRITICAL)
    tom, lena = bench.person("tom"), bench.person("lena", Role.LEAD)
    assert sam.decide(task, rule_broken(item)).headers["location"] == "/review?told=disagrees"
    third = tom.decide(tom.take(), {f"label-{item}": "unsure", "outcome": "no_violation"})
    assert third.headers["location"] == "/review?told=escalated"
    assert "a lead decides" in tom.get(third.headers["location"]).text
    last = lena.take()
    assert lena.decide(last, benign(item)).headers["location"] == SAVED
    case = bench.casework.cases.task(last).case_id
    assert bench.casework.cases.decisions(case)[0].outcome is Outcome.NO_VIOLATION
    assert rita.id != lena.id


def test_saving_twice_decides_once(bench: Bench) -> None:
    case, (item,) = opened(bench, 1)
    rita = bench.person("rita")
    task = rita.take()
    fields = {"token": rita.value("token"), **benign(item)}
    answers = [rita.post(f"/review/tasks/{task}/decide", fields) for _ in range(2)]
    assert answers[0].headers["location"] == SAVED
    assert answers[1].status_code == 303
    assert len(bench.casework.cases.decisions(case)) == 1
    # Whoever pressed twice is not told that what they said was lost.
    assert answers[1].headers["location"] == SAVED


def test_an_older_lease_cannot_decide(bench: Bench) -> None:
    case, (item,) = opened(bench, 1)
    rita = bench.person("rita")
    task = rita.take()
    for token in ("0", "2", "999999999"):
        answer = rita.post(f"/review/tasks/{task}/decide", {"token": token, **benign(item)})
        assert answer.headers["location"] == "/review?told=lost"
    assert bench.casework.cases.decisions(case) == []
    for path in ("0" * 32, "x"):
        assert rita.post(f"/review/tasks/{path}/decide", {"token": "1"}).status_code in (303, 404)


def test_a_report_that_must_be_made_cannot_be_left_out(bench: Bench) -> None:
    case, (item,) = opened(bench, 1, severity=Severity.CRITICAL)
    rita = bench.person("rita")
    task = rita.take()
    said = {f"label-{item}": "csam", f"why-{item}": "reason", "reasons": "rule-1"}
    answer = rita.decide(task, {**said, "outcome": "not_reportable"})
    assert answer.status_code == 422
    assert "is reportable, or a duplicate" in answer.text
    assert rita.decide(task, {**said, "outcome": "reportable"}).headers["location"] == "/review?told=second"
    # A report does not wait for whoever confirms.
    with bench.casework.store.read() as connection:
        (draft,) = connection.execute(report_draft.select()).all()
    assert (draft.case_id, draft.early) == (case, True)


def test_what_is_told_of_an_item_is_names_and_numbers_and_never_runs(bench: Bench) -> None:
    evidence = {
        "lists": [{"list": "own-drill", "entry": "e-1"}],
        "score": 0.87654,
        "pdq": "a" * 64,
        "frames": [{"at": 1, "pdq": "b" * 64}],
        "md5": "c" * 32,
        "note": "<script>x</script>",
    }
    item = bench.item(picture(1), evidence=evidence, ref='https://h.example/"><img src=x>', stage="delivered")
    bench.open(item)
    rita = bench.person("rita")
    rita.take()
    assert "lists list: own-drill" in rita.page
    assert "score: 0.88" in rita.page
    assert "&lt;script&gt;x&lt;/script&gt;" in rita.page
    assert "<script>x" not in rita.page
    assert "<img src=x>" not in rita.page
    assert "a" * 64 not in rita.page
    assert str(item.sha256) not in rita.page


def test_hash_values_are_on_no_page_wherever_they_stand_in_the_evidence(bench: Bench) -> None:
    evidence = {"frames": [{"at": 1, "pdq": "b" * 64}], "match": {"pdq": "d" * 64, "distance": 12}}
    bench.open(bench.item(picture(1), evidence=evidence))
    rita = bench.person("rita")
    rita.take()
    assert "match distance: 12" in rita.page
    assert "b" * 64 not in rita.page
    assert "d" * 64 not in rita.page


def test_how_an_item_was_made_is_shown_as_a_chain(bench: Bench) -> None:
    prompt = bench.item(b"a boat", ItemKind.PROMPT, stage="input")
    made = bench.item(picture(1), parent=prompt.key, stage="output")
    bench.open(prompt, made)
    rita = bench.person("rita")
    rita.take()
    chains = re.findall(r'<ol class="lineage">(.*?)</ol>', rita.page)
    assert len(chains) == 2
    assert [re.sub("<.*?>", "|", each) for each in chains] == ["|prompt · input||picture · output|"] * 2
    assert chains[0].index('aria-current="true"') < chains[1].index('aria-current="true"')


def test_one_verdict_is_for_a_place_and_for_the_file_that_was_there(bench: Bench) -> None:
    named = NewItem("notice/1", ItemKind.IMAGE, ref="https://h.example/1")
    brought = bench.item(picture(1), parent=named.key)
    case = bench.open(named, brought)
    place, file = bench.ids(case)
    rita = bench.person("rita")
    task = rita.take()
    assert f'name="label-{file}"' in rita.page
    assert f'name="label-{place}"' not in rita.page
    assert "Its file is item 2" in rita.page
    assert rita.decide(task, rule_broken(file)).headers["location"] == SAVED
    said = {each.item_id: each.label for each in bench.casework.cases.verdicts(case)}
    assert said == {place: Label.OTHER_VIOLATION, file: Label.OTHER_VIOLATION}


def test_a_case_of_many_items_can_be_decided(bench: Bench) -> None:
    items = [bench.item(f"boat {number}".encode() * 20, ItemKind.IMAGE) for number in range(60)]
    ids = bench.ids(bench.open(*items))
    rita = bench.person("rita")
    task = rita.take()
    fields = {}
    for item in ids:
        names = re.findall(rf'name="((?:label|industry|ai|why)-{item})"', rita.page)
        assert len(names) == 4
        fields |= dict.fromkeys(names, "")
    answer = rita.decide(task, {**fields, **benign(*ids)})
    assert (answer.status_code, answer.headers.get("location")) == (303, SAVED)


def test_the_draft_of_a_case_of_many_items_is_kept(bench: Bench) -> None:
    items = [bench.item(f"boat {number}".encode() * 20, ItemKind.IMAGE) for number in range(60)]
    ids = bench.ids(bench.open(*items))
    rita = bench.person("rita")
    task = rita.take()
    pairs = [[f"{name}-{item}", "unknown"] for item in ids for name in ("label", "industry", "ai", "why")]
    answer = rita.post(f"/review/tasks/{task}/heartbeat", {"token": "1", "draft": json.dumps(pairs)})
    assert answer.status_code == 200
