"""What follows from decisions: queued with them, done afterwards, each once, and taken back when overturned."""

from seawall.cases.effects.bank import Banks, OwnBanks
from seawall.cases.effects.host import Statements
from seawall.cases.effects.plan import TOPIC, queue_bank
from seawall.cases.effects.struck import GuardStrikes
from seawall.cases.effects.worker import CaseEffects, Performed

__all__ = ["TOPIC", "Banks", "CaseEffects", "GuardStrikes", "OwnBanks", "Performed", "Statements", "queue_bank"]
