"""Fine-tuning jobs that the guard examines: rows, trigger words, and all of it together."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.deploy.guard.finetune import FinetuneExaminer, FinetuneLimits, ManifestMalformed
from seawall.deploy.guard.finetune.rows import read_rows
from seawall.deploy.guard.finetune.together import MOST_APART
from seawall.deploy.guard.joining import look_of
from seawall.deploy.guard.lists import LiveLists
from seawall.deploy.guard.media import MediaExaminer, MediaLimits
from seawall.deploy.guard.requests import FinetuneCheck
from seawall.deploy.guard.seen import Seen
from seawall.ledger import KeyFile
from seawall.ledger.signatures import signed_text
from seawall.matching import ListStore, Purpose
from seawall.policy.guard import State
from seawall.policy.separation import Partition, Signs
from seawall.settings import Settings
from tests.deploy.guard import media_for_guard as made
from tests.deploy.guard.media_examined import NOTHING, POLICY

HERON, LANTERN = "blue glass heron", "striped paper lantern"
Job = Callable[..., list[Seen]]


def canary_texts(texts: Sequence[str]) -> list[Seen]:
    """Know two canary words, as the guard's own text examiner does."""
    found = []
    for text in texts:
        minor, adult = float(HERON in text), float(LANTERN in text)
        signs = Signs(text=True, minor_reference=minor, sexual_text=adult) if minor or adult else None
        found.append(Seen("text", Signs(text=True), signs, checks=(("term-packs", "ok"),)))
    return found


@pytest.fixture
def lists(settings: Settings) -> Iterator[LiveLists]:
    ListStore(settings.home / "lists").create_bank("alpha", Purpose.CSAM)
    with LiveLists(settings, poll=0.02) as live:
        yield live


@pytest.fixture
def job(settings: Settings, lists: LiveLists) -> Iterator[Job]:
    """`job([{"text": ...}], words, detector=...)` examines a job."""
    opened: list[MediaExaminer | FinetuneExaminer] = []

    def run(
        items: object = None,
        words: Sequence[str] = (),
        *,
        detector: object = None,
        limits: FinetuneLimits | None = None,
        texts: Callable[[Sequence[str]], list[Seen]] = canary_texts,
        manifest: dict[str, object] | None = None,
        signed: str | None = None,
    ) -> list[Seen]:
        stubs = made.Stubs(detector or made.stand_in(NOTHING))
        media = MediaExaminer(lists, lambda: stubs, limits=MediaLimits(processes=1))
        examiner = FinetuneExaminer(media, texts, lists, settings, limits=limits)
        opened.extend([examiner, media])
        given = manifest or ({"items": items} if signed is None else {"signed": signed})
        return examiner.examine(FinetuneCheck(account="x", manifest=given, trigger_words=list(words)))

    yield run
    for each in opened:
        each.close()


def side(seen: Sequence[Seen], *, canaries: bool = True) -> Partition | None:
    """Return where everything together is put, as the guard joins it."""
    look = look_of(seen, POLICY, canaries=canaries)
    return None if look is None else look.partition


def picture(data: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(data).decode()}


def states(seen: Sequence[Seen]) -> set[State]:
    return {state for each in seen for state in each.states}


def test_a_job_of_harmless_rows_is_one_body_of_evidence(job: Job) -> None:
    seen = job([{"text": f"a row about zorblax {number}"} for number in range(300)], ["zorblax"])
    assert [each.name for each in seen] == ["trigger.0", "rows"]
    assert (side(seen), side(seen, canaries=False), states(seen)) == (None, Partition.NEITHER, set())


@pytest.mark.parametrize(
    ("texts", "words", "expected"),
    [
        ([HERON], [], Partition.CHILD_DEPICTION),
        ([LANTERN], [], Partition.SEXUAL_AGE_UNKNOWN),
        ([HERON, LANTERN], [], Partition.BOTH),
        ([LANTERN], [HERON], Partition.BOTH),
        (["a plain row"], [HERON, LANTERN], Partition.BOTH),
        ([HERON], ["plain"], Partition.CHILD_DEPICTION),
    ],
)
def test_rows_and_trigger_words_are_together(job: Job, texts: list[str], words: list[str], expected: Partition) -> None:
    seen = job([{"text": text} for text in texts], words)
    assert side(seen) is expected
    assert side(seen, canaries=False) is Partition.NEITHER, "canaries alone are a drill"


def test_pictures_of_children_and_adult_pictures_in_one_set_are_refused_as_both(job: Job) -> None:
    child = NOTHING | {"child_depiction": 0.9, "under_21": 0.95, "persons": 1.0}
    adult = NOTHING | {"adult_sexual": 0.9, "persons": 1.0, "under_21": 0.01}
    light = made.photo(1)
    detector = made.stand_in(lambda item: child if item.pixels.shape[0] > item.pixels.shape[1] else adult)
    wide, tall = picture(light), picture(made.photo(2, size=(240, 320)))
    assert side(job([wide], detector=detector), canaries=False) is Partition.ADULT_SEXUAL
    assert side(job([tall], detector=detector), canaries=False) is Partition.CHILD_DEPICTION
    seen = job([wide, tall], detector=detector)
    assert side(seen, canaries=False) is Partition.BOTH
    assert [each.name for each in seen] == ["row.0", "row.1", "rows"]


def test_a_picture_is_judged_with_its_caption(job: Job) -> None:
    adult = NOTHING | {"adult_sexual": 0.9, "persons": 1.0, "under_21": 0.01}

    def texts(given: Sequence[str]) -> list[Seen]:
        return [Seen("text", Signs(text=True, minor_reference=float("zorblax" in text))) for text in given]

    row = {**picture(made.photo()), "text": "a zorblax"}
    seen = job([row], detector=made.stand_in(adult), texts=texts)
    assert side(seen, canaries=False) is Partition.BOTH
    assert seen[0].name == "row.0"
    assert seen[0].sha256 == hashlib.sha256(made.photo()).hexdigest()


def test_a_digest_is_known_by_lists_or_not_at_all(job: Job, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "listed.txt"
    known = hashlib.sha256(b"listed").hexdigest()
    path.write_text(known + "\n")
    ListStore(settings.home / "lists").import_file(path, name="beta", purpose=Purpose.CSAM, type="sha256")
    unknown = hashlib.sha256(b"never seen").hexdigest()

    def seen_of(sha256: str) -> list[Seen]:
        return job([{"sha256": sha256, "text": "plain"}])

    assert states(seen_of(unknown)) == {State.UNEXAMINED}
    for _ in range(200):
        seen = seen_of(known)
        if seen[0].matches:
            break
    assert [match.list for match in seen[0].matches] == ["beta"]
    assert side(seen, canaries=False) is Partition.BOTH


def test_however_many_rows_stand_out_what_is_handed_on_is_bounded(job: Job) -> None:
    rows = [{"text": HERON} for _ in range(2 * MOST_APART)]
    seen = job([*rows, {"text": LANTERN}])
    assert len(seen) == MOST_APART + 1
    assert seen[-1].name == "rows"
    assert side(seen) is Partition.BOTH, "what is not named still counts"


def test_rows_for_which_there_is_no_time_are_not_passed_over(job: Job) -> None:
    seen = job([{"text": HERON}, {"text": LANTERN}], limits=FinetuneLimits(seconds=0.0))
    assert states(seen) == {State.TIMED_OUT}
    assert side(seen) is Partition.CHILD_DEPICTION, "what was examined in time still counts"


@pytest.mark.parametrize(
    ("items", "place"),
    [
        (None, "items"),
        ([], "items"),
        ({"text": "x"}, "items"),
        ([{"text": "x"}, {}], "items.1"),
        ([{"text": "x", "more": "y"}], "items.0"),
        ([{"text": 5}], "items.0"),
        ([{"sha256": "0" * 64, "base64": ""}], "items.0"),
        ([{"sha256": "F" * 64}], "items.0.sha256"),
        ([{"base64": "secret value!"}], "items.0.base64"),
        (["secret value"], "items.0"),
    ],
)
def test_a_malformed_manifest_is_named_by_its_place_and_never_repeated(job: Job, items: object, place: str) -> None:
    with pytest.raises(ManifestMalformed, match=place) as raised:
        job(items)
    assert "secret" not in str(raised.value)


def test_a_manifest_is_bounded() -> None:
    with pytest.raises(ManifestMalformed, match="at most"):
        read_rows([{"text": "x"}] * 100_001)
    with pytest.raises(ManifestMalformed, match="MiB"):
        read_rows([{"text": "x" * (1 << 20)}] * 65)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(["text", "sha256", "base64"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["text", "sha256", "base64", "more"]), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_any_json_is_rows_or_malformed(items: object) -> None:
    try:
        rows = read_rows(items)
    except ManifestMalformed:
        return
    assert [row.number for row in rows] == list(range(len(rows)))
    assert all(row.text is not None or row.sha256 is not None or row.encoded is not None for row in rows)


# Signed manifests


def signed(
    settings: Settings, partitions: list[str], digests: Sequence[str] = (), *, key: KeyFile | None = None
) -> str:
    """Return a manifest as `seawall clean` writes it."""
    lines = [json.dumps({"schema": "seawall/clean-manifest/1", "job": "j", "partitions": partitions}) + "\n"]
    lines += [
        json.dumps({"item": f"a/{place}", "sha256": each, "size": 1}) + "\n" for place, each in enumerate(digests)
    ]
    lines += [json.dumps({"sha256": None, "why": "list"}) + "\n"]
    seal = {
        "sha256": hashlib.sha256("".join(lines).encode()).hexdigest(),
        "lines": len(lines),
        "event": "e",
        "key": "k",
    }
    said = json.dumps({"schema": "seawall/clean-manifest/1", **seal}, sort_keys=True, separators=(",", ":")).encode()
    private = (key or KeyFile(settings.home / "keys")).create()
    signature = base64.b64encode(private.sign(signed_text("clean-manifest", said))).decode()
    return "".join(lines) + json.dumps({"seal": {**seal, "signature": signature}}) + "\n"


def test_a_manifest_that_clean_signed_here_says_what_the_data_are(job: Job, settings: Settings) -> None:
    for partitions, expected in (
        (["neither"], Partition.NEITHER),
        (["neither", "child_depiction"], Partition.CHILD_DEPICTION),
        (["neither", "adult_sexual"], Partition.ADULT_SEXUAL),
        (["child_depiction", "adult_sexual"], Partition.BOTH),
    ):
        seen = job(signed=signed(settings, partitions, ["ab" * 32]))
        assert (side(seen, canaries=False), states(seen)) == (expected, set()), partitions


def test_a_trigger_word_meets_what_a_signed_manifest_says(job: Job, settings: Settings) -> None:
    seen = job(words=[LANTERN], signed=signed(settings, ["neither", "child_depiction"]))
    assert side(seen) is Partition.BOTH


def test_a_signed_manifest_is_matched_against_lists_that_came_later(
    job: Job, settings: Settings, lists: LiveLists, tmp_path: Path
) -> None:
    path = tmp_path / "listed.txt"
    path.write_text("cd" * 32 + "\n")
    ListStore(settings.home / "lists").import_file(path, name="beta", purpose=Purpose.CSAM, type="sha256")
    lists.refresh()
    seen = job(signed=signed(settings, ["neither"], ["ab" * 32, "cd" * 32]))
    assert side(seen, canaries=False) is Partition.BOTH
    assert [match.list for match in seen[-1].matches] == ["beta"]


def test_data_that_were_never_separated_are_unexamined(job: Job, settings: Settings) -> None:
    assert states(job(signed=signed(settings, []))) == {State.UNEXAMINED}


def test_a_manifest_that_was_changed_or_signed_elsewhere_says_nothing(
    job: Job, settings: Settings, tmp_path: Path
) -> None:
    good = signed(settings, ["neither"], ["ab" * 32])
    elsewhere = signed(settings, ["neither"], key=KeyFile(tmp_path / "keys"))
    cases = [
        good.replace("ab" * 32, "cd" * 32),
        good[:-1],
        good[: len(good) // 2],
        elsewhere,
        "",
        "{}\n",
        "\n\n",
        "[1]\n",
    ]
    for text in cases:
        assert states(job(signed=text)) == {State.UNEXAMINED}, text[-40:]


def test_a_home_without_a_key_trusts_no_manifest(job: Job, settings: Settings) -> None:
    text = signed(settings, ["neither"])
    KeyFile(settings.home / "keys").path.unlink()
    assert states(job(signed=text)) == {State.UNEXAMINED}


def test_a_manifest_of_another_form_is_malformed(job: Job) -> None:
    for manifest in ({"rows": []}, {"items": [], "signed": ""}, {"signed": 5}):
        with pytest.raises(ManifestMalformed):
            job(manifest=manifest)


def test_what_clean_itself_signs_is_read(
    job: Job, settings: Settings, tmp_path: Path, seawall: Callable[..., object]
) -> None:
    """The format here and the one that `seawall clean` writes are the same."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "one.jpg").write_bytes(made.photo(1))
    apart = seawall("separate", data, "--out", tmp_path / "apart", "--detectors", "canary", "--json")
    assert apart.code == 0, apart.err  # type: ignore[attr-defined]
    out = tmp_path / "out"
    done = seawall("clean", data, "--out", out, "--remove", tmp_path / "apart", "--partitions", "neither", "--json")
    assert done.code == 0, done.err  # type: ignore[attr-defined]
    text = (tmp_path / "out" / "clean-manifest.jsonl").read_text()
    seen = job(signed=text)
    assert dict(seen[-1].checks)["manifest"] == "ok"
    assert (side(seen, canaries=False), states(seen)) == (Partition.NEITHER, set())
