"""The schema of reports, from seawall's own table, for each edition that is known."""

from seawall.maintain.authorities.ncmec.schema.diff import Change, Difference, compare, nearest
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
from seawall.maintain.authorities.ncmec.schema.xsd import LIVE, XSD_BYTES, read_xsd

__all__ = [
    "LIVE",
    "OLDEST",
    "PROFILES",
    "XSD_BYTES",
    "Attribute",
    "Base",
    "Change",
    "Difference",
    "Entry",
    "Format",
    "Kind",
    "Schema",
    "Type",
    "Value",
    "compare",
    "load_schema",
    "nearest",
    "read_xsd",
    "walk",
]
