"""What is kept of decisions: once for each request, with its evidence, before the answer is given."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from seawall.deploy.guard import Guard, RequestConflict
from seawall.deploy.guard.contract import Message, Standing
from seawall.deploy.guard.media.spool import MemoryMedia
from seawall.deploy.guard.requests import BatchCheck, FinetuneCheck, OutputCheck, UploadCheck
from seawall.deploy.guard.seen import Seen
from seawall.errors import StorageFull
from seawall.policy.decide import Evidence
from seawall.policy.guard import EventClass, GuardAction, load_guard_policy
from seawall.policy.guard.lifecycle import LivePolicies
from seawall.policy.guard.lifecycle.live import Chosen
from seawall.policy.separation import Signs
from seawall.vault import open_vault
from tests.deploy.guard.guard_stand_ins import (
    ADULT_WORD,
    CANARIES,
    GROOMING_WORD,
    WAIT,
    Book,
    Messenger,
    words,
)

Opened = Callable[..., Guard]
Asked = Callable[..., Any]
A, B = CANARIES.prompt(("a",)), CANARIES.prompt(("b",))
PACK = words(csem__grooming=GROOMING_WORD)


def test_a_request_that_comes_again_gets_the_first_decision_and_strikes_once(opened: Opened, asked: Asked) -> None:
    book = Book()
    guard = opened(book=book, packs=[PACK])
    check = asked(f"how to {GROOMING_WORD}", request_id="r-1")

    async def at_once() -> list[Any]:
        return await asyncio.gather(*(guard.input(check) for _ in range(8)))

    first, *others = [*asyncio.run(at_once()), guard.check_input(check)]
    assert {reply.decision_id for reply in others} == {first.decision_id}
    assert {reply.model_dump_json() for reply in others} == {first.model_dump_json()}
    assert len(book.settled) == 1


def test_a_request_id_is_of_one_content_and_one_account(opened: Opened, asked: Asked) -> None:
    guard = opened()
    first = guard.check_input(asked("a boat", request_id="r-1"))
    for other in (
        asked("a ship", request_id="r-1"),
        asked("a boat", request_id="r-1", negative_prompt="a ship"),
        asked("a boat", request_id="r-1", surface="image"),
        asked("a boat", request_id="r-1", age_signal="minor"),
        asked("", request_id="r-1", system="a boat"),
    ):
        with pytest.raises(RequestConflict):
            guard.check_input(other)
    with pytest.raises(RequestConflict):
        guard.check_output(OutputCheck(account="account-1", request_id="r-1", prompt="a boat", text=""))
    other = guard.check_input(asked("a boat", request_id="r-1", account="account-2"))
    assert other.decision_id != first.decision_id
    with pytest.raises(RequestConflict, match="item 1"):
        guard.check_batch(
            BatchCheck(
                items=[
                    {"account": "account-1", "prompt": "a boat", "request_id": "r-1"},
                    {"account": "account-1", "prompt": "a ship", "request_id": "r-1"},
                ]
            )
        )


def test_uploads_are_told_apart_by_their_bytes(opened: Opened) -> None:
    guard = opened()
    check = UploadCheck(account="x", request_id="r-1")
    first = guard.check_upload(check, MemoryMedia(b"one"))
    assert guard.check_upload(check, MemoryMedia(b"one")).decision_id == first.decision_id
    with pytest.raises(RequestConflict):
        guard.check_upload(check, MemoryMedia(b"two"))


def test_what_was_not_read_comes_again_as_what_was_not_read(opened: Opened) -> None:
    guard = opened(scope=lambda kind, surface, code: "jurisdiction:eu" if code == "DE" else None)
    private = UploadCheck(account="x", request_id="r-1", jurisdiction="DE")
    first = guard.check_upload(private, MemoryMedia(b"one"))
    assert guard.check_upload(private, MemoryMedia(b"two")).decision_id == first.decision_id
    with pytest.raises(RequestConflict):
        guard.check_upload(private.model_copy(update={"jurisdiction": "US"}), MemoryMedia(b"one"))


def test_evidence_goes_into_the_vault_before_the_answer(opened: Opened, asked: Asked, settings: Any) -> None:
    guard = opened(packs=[PACK])
    check = asked(f"how to {GROOMING_WORD}", history=["a boat"], attachments=[{"base64": "Ynl0ZXM="}], request_id="r-1")
    reply = guard.check_input(check)
    kept = guard.decision(reply.decision_id).vault
    assert len(kept) == 2
    guard.check_input(check)
    guard.close()
    with open_vault(settings) as vault:
        assert [(each.id, each.purpose, each.person) for each in vault.objects()] == [
            (each, "evidence", "guard") for each in kept
        ], "a repetition keeps nothing twice"
        with vault.open(kept[0], person="test", purpose="test") as stream:
            content = json.load(stream)
        assert content["history.0"] == "a boat"
        assert GROOMING_WORD in content["prompt"]
        with vault.open(kept[1], person="test", purpose="test") as stream:
            assert stream.read() == b"bytes"


def test_drills_are_kept_as_canaries_and_harmless_content_is_not_kept(
    opened: Opened, asked: Asked, settings: Any
) -> None:
    guard = opened()
    guard.check_input(asked("a boat"))
    reply = guard.check_input(asked(f"{A} {B}"))
    guard.close()
    with open_vault(settings) as vault:
        assert [(each.id, each.purpose) for each in vault.objects()] == [
            (each, "canary") for each in guard.decision(reply.decision_id).vault
        ]


def test_a_vault_that_fails_changes_no_decision_and_is_told(opened: Opened, asked: Asked, settings: Any) -> None:
    class Full:
        def put(self, *_: Any, **__: Any) -> Any:
            raise StorageFull

    guard = opened(packs=[PACK], vault=Full)
    reply = guard.check_input(asked(f"how to {GROOMING_WORD}"))
    assert reply.action is GuardAction.BLOCK
    assert ("vault", "failed") in [(each.name, each.status) for each in reply.checks]
    assert ("vault", "failed") in guard.decision(reply.decision_id).checks
    assert ("vault", "failed") in [(each.name, each.status) for each in guard.ready()]


class Listed:
    """Knows every medium from a list."""

    def __init__(self, purpose: str = "csam") -> None:
        self.purpose = purpose

    def examine(self, media: Any, name: str) -> Seen:
        match = Evidence(self.purpose, "list", "sha256", None, True)
        if self.purpose == "canary":
            return Seen(name, canary=Signs(picture=True, sexual=(0.0,), child=1.0), matches=(match,))
        return Seen(name, Signs(hash_match=True), matches=(match,), sha256="0" * 64)

    def examine_digest(self, sha256: str, name: str) -> Seen:
        return self.examine(None, name)


class Drawn:
    """Shows what it is told in every medium."""

    def __init__(self, signs: Signs) -> None:
        self.signs = signs

    def examine(self, media: Any, name: str) -> Seen:
        return Seen(name, canary=self.signs)

    def examine_digest(self, sha256: str, name: str) -> Seen:
        return self.examine(None, name)


CHILD = Signs(picture=True, sexual=(0.0,), child=1.0, under_21=1.0, persons=1)
BOTH = Signs(picture=True, sexual=(1.0,), child=1.0, under_21=1.0, persons=1)


def test_each_event_has_the_class_that_reports_tell_apart(opened: Opened, asked: Asked) -> None:
    attached = [{"sha256": "0" * 64}]
    known, drill = opened(media=Listed()), opened(media=Listed("canary"))
    assert known.check_upload(UploadCheck(account="x"), MemoryMedia(b"x")).event_class is EventClass.UPLOAD_KNOWN
    assert known.check_input(asked("a", attachments=attached)).event_class is EventClass.UPLOAD_KNOWN
    assert known.check_output(OutputCheck(account="x"), MemoryMedia(b"x")).event_class is EventClass.OUTPUT_BLOCKED
    reply = drill.check_upload(UploadCheck(account="x"), MemoryMedia(b"x"))
    assert (reply.event_class, reply.drill, reply.category) == (EventClass.UPLOAD_KNOWN, True, "canary")
    novel = opened(media=Drawn(BOTH))
    assert novel.check_upload(UploadCheck(account="x"), MemoryMedia(b"x")).event_class is EventClass.UPLOAD_NOVEL
    assert novel.check_input(asked("a", attachments=attached)).event_class is EventClass.UPLOAD_NOVEL
    assert opened(media=Drawn(CHILD)).check_input(asked(B, attachments=attached)).event_class == "request_text"


def test_training_data_that_hit_have_a_class_of_their_own(opened: Opened) -> None:
    class Data:
        def examine(self, check: Any) -> list[Seen]:
            return [Seen("row.0", canary=CHILD), Seen("row.1", canary=Signs(text=True, sexual_text=1.0))]

    reply = opened(finetune=Data()).check_finetune(FinetuneCheck(account="x", manifest={}))
    assert (reply.action, reply.drill, reply.event_class) == ("block", True, "training_data_hit")


def test_a_picture_of_a_child_and_a_request_to_edit_it_are_blocked_together(opened: Opened, asked: Asked) -> None:
    guard = opened(media=Drawn(CHILD), packs=[words(edit__mark=ADULT_WORD)])
    attached = [{"sha256": "0" * 64}]
    assert guard.check_input(asked(ADULT_WORD)).action is GuardAction.ALLOW
    assert guard.check_input(asked("a boat", attachments=attached)).action is GuardAction.ALLOW
    reply = guard.check_input(asked(ADULT_WORD, attachments=attached))
    assert (reply.action, reply.reasons, reply.drill) == (GuardAction.BLOCK, ["edit-of-a-child"], True)


def test_messages_are_for_those_who_are_refused_and_speak_up_when_it_repeats(opened: Opened, asked: Asked) -> None:
    messenger = Messenger()
    guard = opened(messenger=messenger, packs=[PACK])
    assert guard.check_input(asked("a boat")).message is None
    assert messenger.asked == []
    refused = asked(GROOMING_WORD, locale="de", jurisdiction="DE", age_signal="minor", request_id="r-1")
    reply = guard.check_input(refused)
    assert reply.message == "words T1"
    assert guard.decision(reply.decision_id).message == "id-T1"
    said = messenger.asked[0]
    assert (said["age_signal"], said["locale"], said["country"]) == ("minor", "de", "DE")
    assert "account-1" not in said["unit"]
    assert guard.check_input(refused).message == "words T1"
    repeated = opened(messenger=messenger, book=Book(Standing(repeated=True)), packs=[PACK])
    assert repeated.check_input(asked(GROOMING_WORD, jurisdiction="EU")).message == "words T2"
    assert messenger.asked[-1]["country"] is None
    assert repeated.check_input(asked(f"{A} {B}")).message == "words T2", "a drill proves the words too"


def test_words_that_fail_change_no_decision(opened: Opened, asked: Asked) -> None:
    class Mute:
        def message(self, **_: Any) -> Message:
            raise RuntimeError

    reply = opened(messenger=Mute(), packs=[PACK]).check_input(asked(GROOMING_WORD))
    assert (reply.action, reply.message) == (GuardAction.BLOCK, None)
    assert ("messages", "error") in [(each.name, each.status) for each in reply.checks]


def test_shadow_policies_are_recorded_without_effect(opened: Opened, asked: Asked) -> None:
    live = load_guard_policy()

    class Two:
        def choose(self, unit: str) -> Chosen:
            return Chosen(live, (live,))

    guard = opened(policies=Two(), packs=[PACK])
    for text in ("a boat", GROOMING_WORD):
        record = guard.decision(guard.check_input(asked(text)).decision_id)
        assert [shadow.action for shadow in record.shadows] == [record.action]
    fixed = opened(policies=LivePolicies.fixed(live))
    assert fixed.decision(fixed.check_input(asked("a boat")).decision_id).shadows == ()


def test_a_negative_prompt_stands_alone_if_the_policy_says_so(opened: Opened, asked: Asked, tmp_path: Path) -> None:
    text = load_guard_policy().text.replace("negative_prompt: joined", "negative_prompt: alone")
    (tmp_path / "policy.yaml").write_text(text)
    from seawall.deploy.guard import GuardOptions

    guard = opened(GuardOptions(policy=tmp_path / "policy.yaml"))
    assert guard.check_input(asked(A, negative_prompt=B)).action is GuardAction.ALLOW
    assert guard.check_input(asked("a", negative_prompt=f"{A} {B}")).action is GuardAction.BLOCK
    assert guard.check_input(asked(B, system=A)).action is GuardAction.BLOCK


SCRIPT = """
import asyncio, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
from seawall.deploy.guard import open_guard
from seawall.deploy.guard.requests import InputCheck
from seawall.settings import Settings

async def work(guard, name):
    while True:
        reply = await guard.input(InputCheck(account=name, prompt="a boat"))
        print(reply.decision_id, flush=True)

async def main(guard):
    await asyncio.gather(*(work(guard, f"account-{i}") for i in range(8)))

home = Path(sys.argv[1])
with open_guard(Settings(home, f"sqlite:///{home}/seawall.db")) as guard:
    asyncio.run(main(guard))
"""


@pytest.mark.crash
def test_no_answer_is_lost_when_the_process_is_killed(settings: Any, opened: Opened) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(settings.home)], stdout=subprocess.PIPE, text=True, bufsize=1
    )
    given: list[str] = []
    try:
        with suppress(StopIteration):
            given = [next(iter(process.stdout.readline, "")).strip() for _ in range(100)]
    finally:
        process.kill()
        given += process.communicate(timeout=WAIT)[0].split("\n")[:-1]
    assert len(given) >= 100
    guard = opened()
    assert all(guard.decision(each) is not None for each in given if len(each) == 32)
