"""Enforcement: strikes, the ladder, rates and probing, secondary accounts, and effects that happen once."""
