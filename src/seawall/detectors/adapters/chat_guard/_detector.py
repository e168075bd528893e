"""Asking a guard model behind `/v1/chat/completions`, with the operator's policy and question.

What a guard model says of a text that speaks to it can be led astray by that text: scores are evidence, never a gate of
their own.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from seawall.detectors.adapters._section import Section
from seawall.detectors.adapters.chat_guard._message import read_message
from seawall.detectors.adapters.chat_guard._parsers import Parser
from seawall.detectors.adapters.chat_guard._reading import Reply, read_parser
from seawall.detectors.adapters.description import Description
from seawall.detectors.adapters.errors import ModelRefused
from seawall.detectors.adapters.pictures import MEDIA_TYPE
from seawall.detectors.adapters.service import (
    Endpoint,
    Exchange,
    Prepared,
    Preparing,
    ServiceDetector,
    read_endpoint,
    stated_version,
)
from seawall.detectors.contract import Detector, Info, LoadContext, Modality, Result

PATH: Final = "/v1/chat/completions"
_MOST_POLICY_BYTES = 64 * 1024
_MOST_ITEMS = 8
_SLOT = "{text}"
_ALTERNATIVES = 20
_DEFAULT_MODALITIES: Final[Mapping[Reply, tuple[Modality, ...]]] = {Reply.LLAMA_GUARD: tuple(Modality)}


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy file, as it was when the configuration was read.

    Attributes:
        path: The file.
        text: What it says; empty if it could not be read.
        problem: Why not.
    """

    path: Path
    text: str = field(default="", repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        model: Name of the model.
        template: The user's message, with `{text}` for a text.
        picture_template: What stands beside a picture; empty for nothing.
        policy: The operator's policy, sent as the system's message; None for none.
        max_tokens: Longest reply.
    """

    model: str
    template: str = _SLOT
    picture_template: str = ""
    policy: Policy | None = None
    max_tokens: int = 128


def read(section: Section, description: Description) -> Detector:
    """Make the detector that a model of the configuration asks for.

    Raises:
        ConfigurationError: If a key is not as it must be.
    """
    endpoint = read_endpoint(section, key="base_url", path=PATH)
    reply = section.choice("reply", Reply)
    parser = read_parser(section, reply)
    modalities = section.choices("modalities", Modality, _DEFAULT_MODALITIES.get(reply, (Modality.TEXT,)))
    if reply is Reply.GPT_OSS_SAFEGUARD and Modality.IMAGE in modalities:
        raise section.wrong("modalities", "has image, and gpt-oss-safeguard takes texts alone")
    question = Question(
        model=section.text("model"),
        template=section.text("template", _SLOT),
        picture_template=section.text_or_none("picture_template") or "",
        policy=_policy(section, reply),
        max_tokens=section.whole("max_tokens", _longest(reply), least=1, most=8192),
    )
    if question.template.count(_SLOT) != 1:
        raise section.wrong("template", "has {text} in it once")
    preparing = Preparing(
        most_text_bytes=section.whole("max_bytes", 32_000, least=1, most=1_000_000),
        most_pixels=section.whole("max_pixels", 640 * 640, least=1024, most=640 * 640),
        parallel=section.whole("parallel", 1, least=1, most=64),
    )
    info = description.info(
        labels=parser.labels,
        modalities=modalities,
        score_kind=parser.score_kind,
        max_bytes=preparing.most_text_bytes,
        input_spec=f"one item a request, temperature 0, reply read as {reply.value}; pictures as JPEG, quality 90",
        max_batch=_MOST_ITEMS,
        sends_content_off_host=endpoint.leaves_host,
        also=question.policy.text.encode() if question.policy else b"",
    )
    return ChatGuard(info, endpoint, preparing, question=question, parser=parser)


class ChatGuard(ServiceDetector):
    """Asks a guard model.

    Args:
        info: What the detector says of itself.
        endpoint: The service.
        preparing: How items are made ready.
        question: What is asked.
        parser: Reads the reply.
    """

    def __init__(
        self,
        info: Info,
        endpoint: Endpoint,
        preparing: Preparing,
        *,
        question: Question,
        parser: Parser,
    ) -> None:
        super().__init__(info, endpoint, preparing)
        self._question = question
        self._parser = parser

    def load(self, context: LoadContext) -> None:
        """Check that there is a policy if there should be, and get ready to connect.

        Raises:
            SecretMissing: If a variable is not set.
            ModelRefused: If the policy cannot be read.
        """
        policy = self._question.policy
        if policy is not None and policy.problem:
            raise ModelRefused(f"the policy {policy.path} {policy.problem}")
        super().load(context)

    def _ask(self, exchange: Exchange, batch: Sequence[Prepared]) -> list[Result]:
        reply = exchange.post_json(self._request(batch[0]))
        scores = self._parser.read(read_message(reply))
        return [replace(Result.ok(scores), raw_version=stated_version(reply.get("model")))]

    def _request(self, item: Prepared) -> dict[str, Any]:
        policy = self._question.policy
        system = [] if policy is None else [{"role": "system", "content": policy.text}]
        request: dict[str, Any] = {
            "model": self._question.model,
            "messages": [*system, {"role": "user", "content": self._content(item)}],
            "temperature": 0,
            "max_tokens": self._question.max_tokens,
            "n": 1,
            "stream": False,
        }
        if self._parser.wants_logprobs:
            request |= {"logprobs": True, "top_logprobs": _ALTERNATIVES}
        return request

    def _content(self, item: Prepared) -> str | list[dict[str, Any]]:
        if item.modality is Modality.TEXT:
            # A template comes from a file, and a text from anywhere: neither is ever a format string.
            return self._question.template.replace(_SLOT, item.text)
        url = f"data:{MEDIA_TYPE};base64,{base64.b64encode(item.jpeg).decode()}"
        beside = self._question.picture_template
        words = [{"type": "text", "text": beside}] if beside else []
        return [{"type": "image_url", "image_url": {"url": url}}, *words]


def _policy(section: Section, reply: Reply) -> Policy | None:
    if reply is not Reply.GPT_OSS_SAFEGUARD and not section.text_or_none("policy"):
        return None
    return _read_policy(section.path("policy"))


def _longest(reply: Reply) -> int:
    """Return a length that the reply format needs: reasons are long, a single word is one token."""
    return {Reply.GPT_OSS_SAFEGUARD: 2048, Reply.JSON_LABEL: 512, Reply.LOGPROB: 1}.get(reply, 128)


def _read_policy(path: Path) -> Policy:
    """Return a policy. One that cannot be read is no error of the configuration: a confined process may not read it."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_POLICY_BYTES + 1)
        text = data.decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        return Policy(path, problem=f"cannot be read: {type(error).__name__}")
    if len(data) > _MOST_POLICY_BYTES:
        return Policy(path, problem=f"is longer than {_MOST_POLICY_BYTES} bytes")
    return Policy(path, text) if text else Policy(path, problem="is empty")
