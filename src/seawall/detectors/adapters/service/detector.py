"""A detector behind HTTP: items are made ready, asked in batches, and each gets its own answer.

One bad item never spoils the others: a batch that is refused is asked again item by item. A service that cannot be
reached, does not let us in, or twice in a row does not answer in time, is not asked again within the same call.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from seawall.detectors.adapters.pictures import to_jpeg
from seawall.detectors.adapters.service.endpoint import Endpoint
from seawall.detectors.adapters.service.exchange import Exchange, Pacing
from seawall.detectors.adapters.service.failures import Failure
from seawall.detectors.contract import Info, Input, LoadContext, Modality, Picture, Result
from seawall.detectors.framing import fitting

_MOST_TIMEOUTS = 2


@dataclass(frozen=True, slots=True)
class Preparing:
    """How items are made ready.

    Attributes:
        most_pixels: A larger picture is made smaller.
        smallest_side: Of a picture with a shorter side the service can say nothing.
        most_picture_bytes: Longest JPEG.
        most_text_bytes: Longest text in UTF-8; a longer one is never cut, as the rest would go unseen.
        picture_batch: Most pictures in one request.
        text_batch: Most texts in one request.
        most_request_bytes: Most bytes of content in one request, as they are sent.
        parallel: Most requests at a time.
    """

    most_pixels: int | None = None
    smallest_side: int = 1
    most_picture_bytes: int = 8_000_000
    most_text_bytes: int = 100_000
    picture_batch: int = 1
    text_batch: int = 1
    most_request_bytes: int = 10_000_000
    parallel: int = 1


@dataclass(frozen=True, slots=True)
class Prepared:
    """One item as it is sent.

    Attributes:
        modality: What it is.
        jpeg: A picture's bytes; empty for a text.
        text: A text; empty for a picture.
    """

    modality: Modality
    jpeg: bytes = field(default=b"", repr=False)
    text: str = field(default="", repr=False)

    @property
    def weight(self) -> int:
        """Bytes that it takes in a request: a picture in base64, a text with every character escaped at worst."""
        return (len(self.jpeg) + 2) // 3 * 4 or 6 * len(self.text)


class ServiceDetector(ABC):
    """What the adapters for services share; each adds how it asks.

    Args:
        info: What the detector says of itself.
        endpoint: The service.
        preparing: How items are made ready.

    Attributes:
        pacing: Time and chance, from the next `load` on.
    """

    def __init__(self, info: Info, endpoint: Endpoint, preparing: Preparing) -> None:
        self.pacing = Pacing()
        self._info = info
        self._endpoint = endpoint
        self._preparing = preparing
        self._exchange: Exchange | None = None

    @property
    def info(self) -> Info:
        """What it says of itself."""
        return self._info

    def load(self, context: LoadContext) -> None:
        """Look up secrets and get ready to connect; nothing is sent.

        Raises:
            SecretMissing: If a variable is not set.
            ModelRefused: If a file that it needs cannot be used.
        """
        self._exchange = Exchange(self._endpoint, os.environ, self.pacing, self._preparing.parallel)

    def close(self) -> None:
        """Close every connection."""
        if self._exchange is not None:
            self._exchange.close()
            self._exchange = None

    def examples(self) -> Sequence[tuple[Input, Result]]:
        """Return none: what an operator's model should answer is not known here."""
        return ()

    def score(self, items: Sequence[Input]) -> list[Result]:
        """Answer for each item, in order."""
        if self._exchange is None:
            return [Result.error("not_loaded") for _ in items]
        results: dict[int, Result] = {}
        ready: dict[Modality, list[tuple[int, Prepared]]] = {}
        for place, item in enumerate(items):
            prepared = self._prepare(item)
            if isinstance(prepared, Result):
                results[place] = prepared
            else:
                ready.setdefault(prepared.modality, []).append((place, prepared))
        batches = [batch for each in ready.values() for batch in self._batches(each)]
        patience = _Patience()
        ask = partial(self._answer, self._exchange, patience)
        if self._preparing.parallel == 1 or len(batches) < 2:
            answers = [ask([item for _, item in batch]) for batch in batches]
        else:
            with ThreadPoolExecutor(self._preparing.parallel) as threads:
                answers = list(threads.map(ask, [[item for _, item in batch] for batch in batches]))
        for batch, found in zip(batches, answers, strict=True):
            results |= {place: answer for (place, _), answer in zip(batch, found, strict=True)}
        return [results[place] for place in range(len(items))]

    @abstractmethod
    def _ask(self, exchange: Exchange, batch: Sequence[Prepared]) -> list[Result]:
        """Return an answer for each item of a batch of one modality.

        Raises:
            Failure: If the batch as a whole got none.
        """

    def _answer(self, exchange: Exchange, patience: _Patience, batch: Sequence[Prepared]) -> list[Result]:
        if patience.ended is not None:
            return [Result.error(patience.ended) for _ in batch]
        try:
            answers = self._ask(exchange, batch)
            patience.restore()
            return answers
        except Failure as failure:
            patience.strain(failure)
            if len(batch) == 1 or not failure.divisible:
                return [Result.error(failure.reason) for _ in batch]
        return [answer for item in batch for answer in self._answer(exchange, patience, [item])]

    def _prepare(self, item: Input) -> Prepared | Result:
        modality = Modality.IMAGE if isinstance(item, Picture) else Modality.TEXT
        if modality not in self._info.modalities:
            return Result.unsupported("modality")
        if not isinstance(item, Picture):
            try:
                size = len(item.text.encode())
            except UnicodeEncodeError:
                return Result.error("bad_text")
            return (
                Result.abstain("too_long")
                if size > self._preparing.most_text_bytes
                else Prepared(modality, text=item.text)
            )
        picture = fitting(item)
        if isinstance(picture, Result):
            return picture
        if min(picture.pixels.shape[:2]) < self._preparing.smallest_side:
            return Result.abstain("too_small")
        jpeg = to_jpeg(picture, self._preparing.most_pixels)
        if len(jpeg) > self._preparing.most_picture_bytes:
            return Result.abstain("too_large")
        return Prepared(modality, jpeg=jpeg)

    def _batches(self, items: Sequence[tuple[int, Prepared]]) -> Iterator[list[tuple[int, Prepared]]]:
        batch: list[tuple[int, Prepared]] = []
        weight = 0
        for place, item in items:
            picture = item.modality is Modality.IMAGE
            most = self._preparing.picture_batch if picture else self._preparing.text_batch
            full = len(batch) == most or weight + item.weight > self._preparing.most_request_bytes
            if batch and full:
                yield batch
                batch, weight = [], 0
            batch.append((place, item))
            weight += item.weight
        if batch:
            yield batch


class _Patience:
    """Whether a service is still asked within one call; without it a dead service would cost its timeout for each item.

    Attributes:
        ended: Reason for every further item; None while it is asked.
    """

    def __init__(self) -> None:
        self.ended: str | None = None
        self._timeouts = 0

    def restore(self) -> None:
        """Note an answer."""
        self._timeouts = 0

    def strain(self, failure: Failure) -> None:
        """Note a failure."""
        self._timeouts = self._timeouts + 1 if failure.reason == "timeout" else 0
        if failure.lasting or self._timeouts == _MOST_TIMEOUTS:
            self.ended = failure.reason
