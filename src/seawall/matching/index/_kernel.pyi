from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Buffer: TypeAlias = npt.NDArray[np.generic[Any]]

class HammingTables:
    def __new__(
        cls,
        variant: str,
        codes: Buffer,
        off: Buffer | None,
        rows: Buffer | None,
        partner: Buffer | None,
        heads: Buffer | None,
        copy_starts: Buffer | None,
        copies: Buffer | None,
        /,
    ) -> HammingTables: ...
    def search(
        self, queries: Buffer, radius: int, first_row: int, /
    ) -> tuple[bytearray, bytearray, bytearray] | None: ...

def digest_search(
    values: Buffer,
    width: int,
    prefix: Buffer,
    keys: Buffer,
    order: Buffer,
    queries: Buffer,
    first_row: int,
    /,
) -> tuple[bytearray, bytearray] | None: ...
def digest_tables(values: Buffer, width: int, prefix: Buffer, keys: Buffer, order: Buffer, /) -> None: ...
def duplicates(codes: Buffer, seed: int, /) -> bytearray: ...
def hamming_tables(codes: Buffer, skip: Buffer | None, off: Buffer, rows: Buffer, partner: Buffer, /) -> None: ...
def variants() -> tuple[str, ...]: ...
