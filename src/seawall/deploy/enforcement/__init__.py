"""Enforcement: strikes, the ladder, rates and probing, secondary accounts, and effects that happen once."""

from seawall.deploy.enforcement.book import EnforcementBook, accounts_of, open_accounts, open_links, sweep
from seawall.deploy.enforcement.endpoint import EffectsConfigError, Endpoint, load_endpoint
from seawall.deploy.enforcement.ladder import load_ladder, shipped_ladder
from seawall.deploy.enforcement.signature import SignatureInvalid, Verified, sign, verify_signature
from seawall.deploy.enforcement.simulate import Simulation, simulate
from seawall.deploy.enforcement.standing import StandingUnknown
from seawall.deploy.enforcement.webhook import EffectsWorker, Webhook, acknowledge_effect

__all__ = [
    "EffectsConfigError",
    "EffectsWorker",
    "Endpoint",
    "EnforcementBook",
    "SignatureInvalid",
    "Simulation",
    "StandingUnknown",
    "Verified",
    "Webhook",
    "accounts_of",
    "acknowledge_effect",
    "load_endpoint",
    "load_ladder",
    "open_accounts",
    "open_links",
    "shipped_ladder",
    "sign",
    "simulate",
    "sweep",
    "verify_signature",
]
