"""Statements of reasons: why something was restricted, for who it concerns and for the DSA Transparency Database."""

from seawall.maintain.statements.book import Names, Statements
from seawall.maintain.statements.deriving import Derived, InForce, Records, derive
from seawall.maintain.statements.errors import Fault, PersonalData, StatementInvalid, StatementOptionsInvalid
from seawall.maintain.statements.exporting import Exported, export
from seawall.maintain.statements.installation import make_statements, open_statements, statement_secret
from seawall.maintain.statements.model import Statement, StatementKind
from seawall.maintain.statements.options import FILE, StatementOptions, default_options, load_options, parse_options
from seawall.maintain.statements.personal import expect_nobody
from seawall.maintain.statements.rules import RULES, Rule, Shape
from seawall.maintain.statements.validation import expect_valid, faults

__all__ = [
    "FILE",
    "RULES",
    "Derived",
    "Exported",
    "Fault",
    "InForce",
    "Names",
    "PersonalData",
    "Records",
    "Rule",
    "Shape",
    "Statement",
    "StatementInvalid",
    "StatementKind",
    "StatementOptions",
    "StatementOptionsInvalid",
    "Statements",
    "default_options",
    "derive",
    "expect_nobody",
    "expect_valid",
    "export",
    "faults",
    "load_options",
    "make_statements",
    "open_statements",
    "parse_options",
    "statement_secret",
]
