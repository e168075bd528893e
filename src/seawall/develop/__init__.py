"""Develop: scan and clean training data, stress-test models, mark outputs."""
