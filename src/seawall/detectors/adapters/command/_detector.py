"""Asking the operator's program: one JSON line for each item, one JSON line back.

Request: `{"id", "modality", "image_base64"}` or `{"id", "modality", "text", "language"}`. Reply: `{"id", "status",
"labels", "reason", "version"}`, of which id and status must be there.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from seawall.detectors.adapters._section import Section
from seawall.detectors.adapters.command._process import Process, Program, ProgramFailed
from seawall.detectors.adapters.description import Description, read_labels
from seawall.detectors.adapters.errors import ModelRefused
from seawall.detectors.adapters.pictures import to_jpeg
from seawall.detectors.adapters.service import Failure, malformed, parse_json, share, stated_version
from seawall.detectors.contract import Detector, Info, Input, LoadContext, Modality, Picture, Result, Status
from seawall.detectors.framing import fitting

_REASON = re.compile(r"[a-z0-9_]{1,64}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNSTATED: Final = "unstated"
_MIB = 1 << 20


def read(section: Section, description: Description) -> Detector:
    """Make the detector that a model of the configuration asks for.

    Raises:
        ConfigurationError: If a key is not as it must be.
    """
    command = section.texts("command")
    if not command or not Path(command[0]).is_absolute():
        raise section.wrong("command", "begins with the absolute path of a program")
    environment = section.texts("environment", ())
    if not all(_NAME.fullmatch(name) for name in environment):
        raise section.wrong("environment", "is a list of names of variables")
    memory = section.whole("memory_mib", 4096, least=0, most=1 << 20)
    program = Program(
        command=command,
        environment=environment,
        item_seconds=section.number("item_seconds", 30.0, least=0.01, most=600),
        start_seconds=section.number("start_seconds", 60.0, least=0, most=600),
        restarts=section.whole("restarts", 3, least=0, most=100),
        memory_bytes=memory * _MIB or None,
        open_files=section.whole("open_files", 256, least=16, most=65536),
    )
    labels = read_labels(section, "labels")
    modalities = section.choices("modalities", Modality)
    longest = section.whole("max_bytes", 100_000, least=1, most=1_000_000)
    # What a program does with what it is given cannot be seen from here: the operator has to say.
    leaves = section.flag("sends_content_off_host")
    info = description.info(
        labels=labels.values(),
        modalities=modalities,
        max_bytes=longest,
        input_spec="one JSON line for each item; pictures as JPEG, quality 90, in base64",
        offline=not leaves,
        sends_content_off_host=leaves,
        deterministic=section.flag("deterministic", False),
    )
    return CommandDetector(info, program, labels)


class CommandDetector:
    """Asks a program.

    Args:
        info: What the detector says of itself.
        program: The program.
        labels: Classes by the program's own names.
    """

    def __init__(self, info: Info, program: Program, labels: Mapping[str, str]) -> None:
        self._info = info
        self._program = program
        self._labels = labels
        self._process: Process | None = None
        self._starts_left = 0

    @property
    def info(self) -> Info:
        """What it says of itself."""
        return self._info

    def load(self, context: LoadContext) -> None:
        """Check that the program is there; it starts with the first item.

        Raises:
            ModelRefused: If it is not there, or cannot be run.
        """
        if not os.access(self._program.command[0], os.X_OK) or not Path(self._program.command[0]).is_file():
            raise ModelRefused(f"{self._program.command[0]} is no program that can be run")
        self._starts_left = 1 + self._program.restarts

    def close(self) -> None:
        """End the program."""
        self._starts_left = 0
        self._end()

    def examples(self) -> Sequence[tuple[Input, Result]]:
        """Return none: what an operator's model should answer is not known here."""
        return ()

    def score(self, items: Sequence[Input]) -> list[Result]:
        """Answer for each item, in order."""
        return [self._answer(item) for item in items]

    def _answer(self, item: Input) -> Result:
        request = self._request(item)
        if isinstance(request, Result):
            return request
        # Nobody can guess it, so that a line which comes too late or too often is never taken for this item's.
        name = secrets.token_hex(8)
        try:
            reply = self._running().ask(json.dumps({"id": name, **request}).encode())
        except ProgramFailed as failed:
            self._end()
            return Result.error(failed.reason)
        try:
            return self.result_of(parse_json(reply), name)
        except Failure as failure:
            # Lines and items may be out of step from here on.
            self._end()
            return Result.error(failure.reason)

    def _running(self) -> Process:
        if self._process is None:
            if self._starts_left == 0:
                raise ProgramFailed("program_gone")
            self._starts_left -= 1
            self._process = Process(self._program)
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None

    def _request(self, item: Input) -> dict[str, Any] | Result:
        modality = Modality.IMAGE if isinstance(item, Picture) else Modality.TEXT
        if modality not in self._info.modalities:
            return Result.unsupported("modality")
        if isinstance(item, Picture):
            picture = fitting(item)
            if isinstance(picture, Result):
                return picture
            return {"modality": modality, "image_base64": base64.b64encode(to_jpeg(picture)).decode()}
        try:
            too_long = len(item.text.encode()) > (self._info.max_bytes or 0)
        except UnicodeEncodeError:
            return Result.error("bad_text")
        if too_long:
            return Result.abstain("too_long")
        return {"modality": modality, "text": item.text, "language": item.language}

    def result_of(self, reply: Any, name: str) -> Result:
        """Return what a reply says of the item of this name.

        Raises:
            Failure: If it is not as it must be.
        """
        if not isinstance(reply, dict) or reply.get("id") != name:
            raise malformed()
        if not set(reply) <= {"id", "status", "labels", "reason", "version"}:
            raise malformed()
        status, scores = reply.get("status"), reply.get("labels")
        if status not in (Status.OK, Status.ABSTAIN, Status.UNSUPPORTED, Status.ERROR):
            raise malformed()
        version = stated_version(reply.get("version"))
        if status != Status.OK:
            reason = reply.get("reason")
            known = isinstance(reason, str) and _REASON.fullmatch(reason)
            return Result(Status(status), reason=reason if known else _UNSTATED, raw_version=version)
        if not isinstance(scores, dict) or set(scores) != set(self._labels):
            raise malformed()
        found: dict[str, float] = {}
        for each, score in scores.items():
            found[self._labels[each]] = max(found.get(self._labels[each], 0.0), share(score))
        return Result(Status.OK, found, raw_version=version)
