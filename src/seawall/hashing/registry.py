"""The registry of signal types: built-ins and installed plug-ins in one place.

A plug-in names, in the entry-point group `seawall.signal_types`, a callable that returns a `SignalType` (for example
a licensed `photodna`). A plug-in may not replace a built-in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points

from seawall.errors import UsageError
from seawall.hashing.builtin import builtin_signal_types
from seawall.hashing.signal import SignalType

GROUP = "seawall.signal_types"


class SignalTypes:
    """Signal types by name."""

    def __init__(self, types: Iterable[SignalType]) -> None:
        self._types: dict[str, SignalType] = {}
        for signal_type in types:
            self.register(signal_type)

    @classmethod
    def installed(cls, plugins: Iterable[EntryPoint] | None = None) -> SignalTypes:
        """Return the built-in types and those of installed plug-ins."""
        registry = cls(builtin_signal_types())
        for entry in entry_points(group=GROUP) if plugins is None else plugins:
            registry.register(entry.load()())
        return registry

    def register(self, signal_type: SignalType) -> None:
        """Add a type.

        Raises:
            UsageError: If its name is taken or it does not fulfil the contract.
        """
        if not isinstance(signal_type, SignalType):
            raise UsageError(f"{signal_type!r} is not a signal type")
        if signal_type.name in self._types:
            raise UsageError(f"signal type {signal_type.name!r} is registered twice")
        self._types[signal_type.name] = signal_type

    def __getitem__(self, name: str) -> SignalType:
        try:
            return self._types[name]
        except KeyError:
            raise UsageError(f"unknown signal type {name!r}", hint="known: " + ", ".join(sorted(self._types))) from None

    def __contains__(self, name: object) -> bool:
        return name in self._types

    def __iter__(self) -> Iterator[SignalType]:
        return iter(self._types.values())
