"""The schema of reports, from seawall's own table, for each edition that is known."""

from seawall.maintain.authorities.ncmec.schema.model import (
    Attribute,
    Base,
    Entry,
    Format,
    Kind,
    Schema,
    Type,
    Value,
    walk,
)
from seawall.maintain.authorities.ncmec.schema.reading import OLDEST, PROFILES, load_schema

__all__ = [
    "OLDEST",
    "PROFILES",
    "Attribute",
    "Base",
    "Entry",
    "Format",
    "Kind",
    "Schema",
    "Type",
    "Value",
    "load_schema",
    "walk",
]
