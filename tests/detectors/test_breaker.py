"""The circuit breaker: it opens, waits, tries one, and closes; whatever the order of events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seawall.detectors.breaker import Breaker


@given(
    st.integers(1, 5),
    st.lists(st.one_of(st.just("ok"), st.just("fail"), st.floats(0.1, 20)), max_size=60),
)
def test_it_is_open_exactly_while_too_many_failed_in_a_row_and_it_has_not_cooled_down(
    most: int, events: list[str | float]
) -> None:
    now = 0.0
    breaker = Breaker(most, 10, clock=lambda: now)
    row, opened = 0, None
    for event in events:
        if isinstance(event, float):
            now += event
        elif not breaker.allowed:
            continue
        elif event == "ok":
            breaker.succeeded()
            row, opened = 0, None
        else:
            breaker.failed()
            row += 1
            opened = now if row >= most else None
        if opened is None:
            assert breaker.allowed > 1
        else:
            assert breaker.allowed == (1 if now - opened >= 10 else 0)
