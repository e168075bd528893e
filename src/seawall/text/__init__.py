"""Text: views of it that evasion does not survive, and sealed packs of terms matched against all of them."""

from seawall.text.age_references import age_references
from seawall.text.hits import Hit, Matches, within
from seawall.text.matcher import LARGEST_TEXT, Matcher
from seawall.text.packs import Pack, Term, installed_packs
from seawall.text.views import View, views

__all__ = [
    "LARGEST_TEXT",
    "Hit",
    "Matcher",
    "Matches",
    "Pack",
    "Term",
    "View",
    "age_references",
    "installed_packs",
    "views",
    "within",
]
