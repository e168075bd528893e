"""Canaries: harmless stand-ins that fire every path, in every mode.

Three benign, depictable things stand for the classes that the rules are about. What they cause is marked `drill` and
stays out of real counts.
"""
