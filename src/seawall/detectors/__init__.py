"""Detectors: plug-ins that find facts in content, and the host that runs them and trusts none of them."""
