"""The source register: which domains, collections, datasets and addresses are denied or allowed, and on whose word."""

from seawall.develop.sources.errors import NoRegister, RegisterDamaged, RegisterFormat
from seawall.develop.sources.register import Registers, SourceRegister
from seawall.develop.sources.rules import Action, Kind, Rule, Terms, Verdict

__all__ = [
    "Action",
    "Kind",
    "NoRegister",
    "RegisterDamaged",
    "RegisterFormat",
    "Registers",
    "Rule",
    "SourceRegister",
    "Terms",
    "Verdict",
]
