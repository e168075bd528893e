"""The guard as a library, without a server and without a network: for builds that people run on their own machines.

Policies, lists and checks are those of `seawall serve`; only the door is another. What it decides is recorded here, and
stays here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seawall.deploy.guard.requests import (
    BatchCheck,
    CheckReply,
    FinetuneCheck,
    InputCheck,
    OutputCheck,
    UploadCheck,
)
from seawall.deploy.local.fields import build
from seawall.deploy.local.flags import Flag, FlagBook, FlagKind
from seawall.deploy.local.media import File, as_media
from seawall.deploy.local.offline import expect_offline, local_settings
from seawall.deploy.local.permission import permit
from seawall.errors import UsageError

if TYPE_CHECKING:
    from typing import Unpack

    from seawall.decisions import DecisionRecord
    from seawall.deploy.guard.options import GuardOptions
    from seawall.deploy.guard.service import Guard
    from seawall.deploy.local.fields import InputFields, MetaFields, OutputFields
    from seawall.settings import Settings

ACCOUNT = "local"
"""Whose checks these are, where nobody says otherwise."""


class LocalGuard:
    """A guard in this process. Threads may share it; `open_local` makes one.

    It is asked as a `seawall.client.Client` is, and `checks` is what middleware takes.

    Args:
        guard: Decides.
        settings: The installation.
        app: Name of the application; goes into flags.
        app_version: Its version.
    """

    def __init__(
        self, guard: Guard, settings: Settings, *, app: str | None = None, app_version: str | None = None
    ) -> None:
        self.checks = guard
        self.settings = settings
        self._app = app
        self._app_version = app_version

    @staticmethod
    def permit(reply: CheckReply, *, not_examined_ok: bool = False) -> bool:
        """Say whether what was checked may go on: on `allow` and `warn` alone."""
        return permit(reply, not_examined_ok=not_examined_ok)

    def check_input(self, prompt: str, *, account: str = ACCOUNT, **fields: Unpack[InputFields]) -> CheckReply:
        """Check a request to a model, before anything is generated.

        Raises:
            CheckMalformed: If the check is not as it must be.
            GuardUnavailable: If there is no decision; the caller must refuse. So do all the methods below.
        """
        return self.checks.check_input(build(InputCheck, _given(prompt=prompt, account=account, **fields)))

    def check_upload(self, file: File, *, account: str = ACCOUNT, **fields: Unpack[MetaFields]) -> CheckReply:
        """Check a file that a user brings."""
        check = build(UploadCheck, _given(account=account, **fields))
        with as_media(file) as media:
            return self.checks.check_upload(check, media)

    def check_output(
        self,
        file: File | None = None,
        *,
        account: str = ACCOUNT,
        text: str | None = None,
        **fields: Unpack[OutputFields],
    ) -> CheckReply:
        """Check what a model has made, a file or a text, before anybody sees it."""
        if file is None and text is None:
            raise UsageError("an output has a text or a file")
        check = build(OutputCheck, _given(account=account, text=text, **fields))
        if file is None:
            return self.checks.check_output(check)
        with as_media(file) as media:
            return self.checks.check_output(check, media)

    def check_finetune(
        self,
        manifest: Mapping[str, Any],
        *,
        account: str = ACCOUNT,
        trigger_words: Sequence[str] = (),
        **fields: Unpack[MetaFields],
    ) -> CheckReply:
        """Check a fine-tuning job: its data by manifest, and the words that will call it up."""
        values = _given(manifest=dict(manifest), account=account, trigger_words=list(trigger_words), **fields)
        return self.checks.check_finetune(build(FinetuneCheck, values))

    def check_batch(self, items: Sequence[InputCheck | Mapping[str, Any]]) -> list[CheckReply]:
        """Check many at once; decisions in order."""
        raw = [each.model_dump(exclude_unset=True) if isinstance(each, InputCheck) else dict(each) for each in items]
        return self.checks.check_batch(build(BatchCheck, {"items": raw})).results

    def decision(self, decision_id: str) -> DecisionRecord | None:
        """Return what was recorded of a decision; None if there is none of this id here."""
        return self.checks.decision(decision_id)

    def flag(
        self,
        kind: FlagKind | str,
        reason: str,
        *,
        decision_id: str | None = None,
        sha256: str | None = None,
        model: str | None = None,
        model_version: str | None = None,
        model_sha256: str | None = None,
        note: str | None = None,
    ) -> Flag:
        """Keep what a person says is wrong: ids, digests and names, never content. Nothing is sent.

        Args:
            kind: What is flagged.
            reason: Why, in a word of small letters.
            decision_id: The guard's decision on it; what it said goes into the flag.
            sha256: Digest of the flagged file.
            model: Name of the model.
            model_version: Its version.
            model_sha256: Digest of its file.
            note: A sentence; it stays here unless an export asks for notes.

        Raises:
            FlagRefused: If it is not as it must be.
        """
        return FlagBook(self.settings).add(
            kind,
            reason,
            decision_id=decision_id,
            decision=said_by(self.decision(decision_id)) if decision_id is not None else None,
            sha256=sha256,
            model=model,
            model_version=model_version,
            model_sha256=model_sha256,
            note=note,
            app=self._app,
            app_version=self._app_version,
        )


@contextmanager
def open_local(
    home: Path | str | None = None,
    *,
    options: GuardOptions | None = None,
    app: str | None = None,
    app_version: str | None = None,
) -> Iterator[LocalGuard]:
    """Open a guard without a network, for the length of a block.

    Args:
        home: Where lists, packs, policies and records are; default: as for every seawall command.
        options: Options of the guard.
        app: Name of the application; goes into flags.
        app_version: Its version.

    Raises:
        NotOffline: If a detector would use a network.
        SeawallError: If something that is configured cannot be used.
    """
    from seawall.deploy.guard import open_guard
    from seawall.deploy.guard.options import GuardOptions

    settings = local_settings(home)
    chosen = options or GuardOptions()
    expect_offline(settings, chosen.detectors)
    with open_guard(settings, chosen) as guard:
        yield LocalGuard(guard, settings, app=app, app_version=app_version)


def said_by(record: DecisionRecord | None) -> dict[str, Any] | None:
    """Return what a flag keeps of a decision: no account, no content."""
    if record is None:
        return None
    return {
        "at": record.at,
        "kind": record.kind.value,
        "action": record.action.value,
        "category": record.category,
        "reasons": list(record.reasons),
        "policy": record.judgement.policy if record.judgement else None,
        "drill": record.drill,
    }


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
