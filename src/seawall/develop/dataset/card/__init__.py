"""The dataset audit card: what goes along with a dataset, for people and programs, and into the EU's summary template.

It states what was measured, and names what was not.
"""

from .croissant import croissant
from .eu_gpai import eu_gpai_text
from .facts import SCHEMA, card_facts
from .huggingface import DatasetNames, huggingface_card, renewed_card, safety_section
from .safety import CardDisagrees, SafetyFacts, safety_facts
from .write import render_card, write_cards

__all__ = [
    "SCHEMA",
    "CardDisagrees",
    "DatasetNames",
    "SafetyFacts",
    "card_facts",
    "croissant",
    "eu_gpai_text",
    "huggingface_card",
    "render_card",
    "renewed_card",
    "safety_facts",
    "safety_section",
    "write_cards",
]
