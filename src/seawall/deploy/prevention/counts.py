"""Reading the counters of prevention from the database."""

from __future__ import annotations

from seawall.deploy.prevention.effect import Counts
from seawall.store import Store
from seawall.store.tables import prevention_cohort, prevention_count


def read_counts(store: Store, *, since: str | None = None) -> Counts:
    """Return what was counted.

    Args:
        store: The database.
        since: Only from this ISO week on, for example `2026-W40`.
    """
    messages, cohorts = prevention_count.select(), prevention_cohort.select()
    if since is not None:
        messages = messages.where(prevention_count.c.week >= since)
        cohorts = cohorts.where(prevention_cohort.c.week >= since)
    with store.read() as connection:
        shown = connection.execute(messages).mappings().all()
        followed = connection.execute(cohorts).mappings().all()
    return Counts(
        {(row["week"], row["message"], row["kind"]): row["n"] for row in shown},
        {(row["week"], row["arm"], row["days"]): row["n"] for row in followed},
    )
