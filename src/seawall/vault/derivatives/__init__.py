"""What is shown of an object instead of the object: made on the server when it is asked for, and stored nowhere."""

from seawall.vault.derivatives.derivatives import Derivatives
from seawall.vault.derivatives.errors import DerivativeError, DerivativeTooLarge, NoDerivative
from seawall.vault.derivatives.facts import FactBook
from seawall.vault.derivatives.model import Derivative, Mark, Marker, MediumFacts, Rung, Transcripts

__all__ = [
    "Derivative",
    "DerivativeError",
    "DerivativeTooLarge",
    "Derivatives",
    "FactBook",
    "Mark",
    "Marker",
    "MediumFacts",
    "NoDerivative",
    "Rung",
    "Transcripts",
]
