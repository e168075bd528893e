"""Prevention counters, and who was shown a message, by a pseudonym that is forgotten after the follow-up."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from seawall.store.tables.base import metadata

# Impressions and clicks by message; nothing in here says who or what.
prevention_count = Table(
    "prevention_count",
    metadata,
    Column("week", String(8), primary_key=True),
    Column("message", String(64), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("n", BigInteger, nullable=False),
)

# Units first shown a message in a week (`days` is 0), and of these the ones that tried again within so many days.
prevention_cohort = Table(
    "prevention_cohort",
    metadata,
    Column("week", String(8), primary_key=True),
    Column("arm", String(16), primary_key=True),
    Column("days", Integer, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False),
)

# `unit` is a keyed pseudonym of an account; the row goes when its follow-up is over. `episode` is random: whoever reads
# his own back has written the row.
prevention_unit = Table(
    "prevention_unit",
    metadata,
    Column("unit", String(32), primary_key=True),
    Column("episode", String(16), nullable=False),
    Column("arm", String(16), nullable=False),
    Column("week", String(8), nullable=False),
    Column("started_at", String(32), nullable=False),
    Column("again_at", String(32)),
    Column("expires_at", String(32), nullable=False),
    Index(None, "expires_at"),
)
