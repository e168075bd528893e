"""The dataset audit card: what goes along with a dataset, for people and programs, and into the EU's summary template.

It states what was measured, and names what was not.
"""

from .eu_gpai import eu_gpai_text
from .facts import SCHEMA, card_facts
from .write import render_card, write_cards

__all__ = ["SCHEMA", "card_facts", "eu_gpai_text", "render_card", "write_cards"]
