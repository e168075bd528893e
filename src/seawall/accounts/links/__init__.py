"""Secondary accounts: keyed tokens, weighed by rarity; suggestions to persons, never acts of their own."""

from seawall.accounts.links.kinds import Kind, Kinds, read_kinds, shipped_kinds
from seawall.accounts.links.model import Link, LinkState
from seawall.accounts.links.score import Evidence, rarity, score
from seawall.accounts.links.tokens import Token, TokenKeys, token_of

__all__ = [
    "Evidence",
    "Kind",
    "Kinds",
    "Link",
    "LinkState",
    "Token",
    "TokenKeys",
    "rarity",
    "read_kinds",
    "score",
    "shipped_kinds",
    "token_of",
]
