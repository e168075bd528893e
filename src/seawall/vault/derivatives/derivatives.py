"""Making what is shown of an object when it is asked for: from its bytes in memory to a small picture or a few words.

Nothing is stored. Every rung but the metadata opens the object on the record. Only the last rung gives out its bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Self

from seawall.content.loading import read_up_to
from seawall.content.media import HEAD_BYTES, TEXT, Medium, Sniffed, sniff
from seawall.content.texts import MAX_TEXT_BYTES, plain_text
from seawall.errors import MediaError, NotFound, TooLarge, UnsupportedMedia
from seawall.vault.derivatives import _texts, _words
from seawall.vault.derivatives.errors import DerivativeError, DerivativeTooLarge, NoDerivative
from seawall.vault.derivatives.facts import FactBook
from seawall.vault.derivatives.model import Derivative, Marker, MediumFacts, Rung, Transcripts
from seawall.vault.derivatives.pictures import Pictures
from seawall.vault.derivatives.pool import DecoderPool
from seawall.vault.errors import ObjectDestroyed
from seawall.vault.objects import VaultObject
from seawall.vault.vault import Vault

FULL_BYTES = 256 << 20
"""Longest object whose bytes `make` returns at once; a longer one is read by `original`."""


class Derivatives:
    """Makes derivatives. Safe to use from several threads; a context manager, which ends its decode processes.

    Args:
        vault: Keeps the objects.
        pool: Decode processes; default its own.
        marker: Finds the places of a text that are hidden at first. Without one a text is hidden whole until the
            last rung.
        transcripts: The words of sounds and videos, if anybody writes them down.
    """

    def __init__(
        self,
        vault: Vault,
        pool: DecoderPool | None = None,
        *,
        marker: Marker | None = None,
        transcripts: Transcripts | None = None,
    ) -> None:
        self._vault = vault
        self._own = DecoderPool() if pool is None else None
        self._pictures = Pictures(pool or self._own or DecoderPool())
        self._marker = marker
        self._transcripts = transcripts
        self._facts = FactBook(vault.store)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the decode processes that are its own."""
        if self._own is not None:
            self._own.close()

    def make(self, object_id: str, rung: Rung, *, user: str, case: str) -> Derivative:
        """Return what is shown of an object on a rung.

        Args:
            object_id: The vault object.
            rung: How much of it.
            user: Who asks; recorded with the opening.
            case: What for; recorded too.

        Raises:
            NotFound: If there is no such object.
            ObjectDestroyed: If it was destroyed.
            NoDerivative: If there is nothing to show of such an object but its bytes.
            DerivativeTooLarge: If it is beyond the limits.
            DerivativeError: If it does not decode.
        """
        rung = Rung(rung)
        item = self._vault.get(object_id)
        if item.destroyed is not None:
            raise ObjectDestroyed(f"vault object {item.id} was destroyed")
        if rung is Rung.METADATA:
            return _words.metadata(item)
        with self._vault.open(object_id, person=user, purpose=f"shown: {rung.value}", case=case) as stream:
            try:
                return self._make(item, rung, stream)
            except DerivativeError:
                raise
            except TooLarge:
                raise DerivativeTooLarge(f"vault object {item.id} is too large to be shown") from None
            except UnsupportedMedia:
                raise NoDerivative(f"vault object {item.id} has nothing that can be shown but its bytes") from None
            except MediaError:
                # What the decoder says may be what the file made it say.
                raise DerivativeError(f"vault object {item.id} does not decode") from None

    @contextmanager
    def original(self, object_id: str, *, user: str, case: str) -> Iterator[tuple[str, BinaryIO]]:
        """Give out an object's bytes for the length of a block, with the media type that they have; for long objects.

        Raises:
            NotFound: If there is no such object.
            ObjectDestroyed: If it was destroyed.
        """
        item = self._vault.get(object_id)
        with self._vault.open(object_id, person=user, purpose=f"shown: {Rung.FULL.value}", case=case) as stream:
            kind, head, _ = self._kind(item, stream)
            self._learn(item, kind, stream)
            stream.seek(0)
            yield _words.media_type(kind, head), stream

    def transcript(self, object_id: str, *, user: str, case: str) -> Derivative:
        """Return the words of a sound or a video, if there are any: they are read before anything is heard.

        Raises:
            NotFound: If nobody wrote them down, or there is no such object.
            ObjectDestroyed: If it was destroyed.
        """
        words = None if self._transcripts is None else self._transcripts.transcript(object_id)
        if words is None:
            raise NotFound(f"there is no transcript of vault object {object_id}")
        with self._vault.open(object_id, person=user, purpose="shown: transcript", case=case):
            return Derivative(_words.PLAIN, words.encode())

    def facts(self, sha256: str) -> MediumFacts | None:
        """Return what is known of a file by its digest, without opening it."""
        return self._facts.get(sha256)

    def _make(self, item: VaultObject, rung: Rung, stream: BinaryIO) -> Derivative:
        kind, head, text = self._kind(item, stream)
        stream.seek(0)
        if rung is Rung.FULL:
            return self._full(item, kind, head, stream)
        if text is not None:
            self._facts.note(item.sha256, MediumFacts(Medium.TEXT, kind.format))
            return Derivative(_words.PLAIN, self._text(text, rung).encode())
        if kind.medium is Medium.OTHER:
            if rung is Rung.CAPTION:
                return _said(_words.caption(MediumFacts(kind.medium, kind.format), item.size))
            raise UnsupportedMedia
        facts, shown = self._pictures.make(kind, rung, stream, item.size)
        self._facts.note(item.sha256, facts)
        return shown if shown is not None else _said(_words.caption(facts, item.size))

    def _full(self, item: VaultObject, kind: Sniffed, head: bytes, stream: BinaryIO) -> Derivative:
        if item.size > FULL_BYTES:
            raise DerivativeTooLarge(
                f"vault object {item.id} is longer than {FULL_BYTES >> 20} MiB", hint="read it in parts"
            )
        data = stream.read()
        self._learn(item, kind, io.BytesIO(data))
        return Derivative(_words.media_type(kind, head), data)

    def _learn(self, item: VaultObject, kind: Sniffed, stream: BinaryIO) -> None:
        """Find out what is needed to say later whether all of it was seen; if that fails, it is not known."""
        if self._facts.get(item.sha256) is not None:
            return
        stream.seek(0)
        facts = MediumFacts(kind.medium, kind.format)
        if kind.medium in (Medium.IMAGE, Medium.VIDEO, Medium.AUDIO):
            try:
                facts, _ = self._pictures.make(kind, Rung.CAPTION, stream, item.size)
            except MediaError:
                return
        self._facts.note(item.sha256, facts)

    def _kind(self, item: VaultObject, stream: BinaryIO) -> tuple[Sniffed, bytes, str | None]:
        """Return what an object is by its bytes, the first of them, and its text if it is one."""
        head = read_up_to(stream, HEAD_BYTES)
        kind = sniff(head)
        if kind.medium is Medium.OTHER and item.size <= MAX_TEXT_BYTES:
            text = plain_text(head + read_up_to(stream, item.size))
            if text is not None:
                return TEXT, head, text
        return kind, head, None

    def _text(self, text: str, rung: Rung) -> str:
        marks = None if self._marker is None else self._marker.marks(text)
        if rung is Rung.CAPTION:
            return _texts.caption(text, marks)
        return _texts.redacted(text, marks, shape=rung is Rung.TILE)


def _said(words: str) -> Derivative:
    return Derivative(_words.PLAIN, words.encode())
