"""The metadata that all tables share, and the column types that both databases need."""

from sqlalchemy import BigInteger, Integer, MetaData

SERIAL = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit number that the database counts up by itself."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
