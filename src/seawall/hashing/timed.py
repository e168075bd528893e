"""Examining video and sound: media that are read from a file descriptor rather than from one buffer.

A loose local file is decoded in place. A member of an archive is first copied to anonymous memory, up to
`SPOOL_BYTES`; a longer one is digested and counted as unexamined.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO

from seawall.content.item import Item, Problem
from seawall.content.loading import SPOOL_BYTES, copy_through, spool
from seawall.content.media import Medium, Sniffed
from seawall.content.sandbox import Sandbox
from seawall.errors import MediaError, TooLarge
from seawall.hashing.digests import Digester
from seawall.hashing.examined import Examined, judged
from seawall.hashing.replies import read_reply


def examine_timed(
    stream: BinaryIO, head: bytes, kind: Sniffed, item: Item, digester: Digester, sandbox: Sandbox
) -> Examined:
    """Digest a video or sound, and hash what it shows or sounds like.

    Args:
        stream: The item's bytes after `head`.
        head: Its first bytes, already read.
        kind: What it is.
        item: The item.
        digester: Computes the digests.
        sandbox: The decode process.
    """
    with spool(item) as memory:
        too_long = copy_through(stream, head, digester.update, memory)
        known = Examined(digester.values(), digester.size, kind)
        if too_long:
            message = f"the medium is longer than {SPOOL_BYTES >> 20} MiB and inside an archive"
            return replace(known, problem=Problem(TooLarge.code, message))
        descriptor = os.dup((memory or stream).fileno())
        try:
            os.lseek(descriptor, 0, os.SEEK_SET)
            return _HASHERS[kind.medium](known, descriptor, sandbox)
        except MediaError as error:
            return replace(known, problem=Problem(error.code, error.message))
        finally:
            os.close(descriptor)


def _hash_video(known: Examined, descriptor: int, sandbox: Sandbox) -> Examined:
    params = {"medium": known.kind.medium.value, "format": known.kind.format}
    sandbox.submit(0, params, fds=[descriptor])
    return judged(known, read_reply(sandbox.result()))


def _hash_audio(known: Examined, descriptor: int, sandbox: Sandbox) -> Examined:
    from seawall.hashing.chromaprint import fingerprint

    signal = fingerprint(descriptor)
    return replace(known, signals=() if signal is None else (signal,), abstained=None if signal else "audio_too_short")


_HASHERS: dict[Medium, Callable[[Examined, int, Sandbox], Examined]] = {
    Medium.VIDEO: _hash_video,
    Medium.AUDIO: _hash_audio,
}
