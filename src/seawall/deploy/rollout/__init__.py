"""Phased release: cohorts, an abuse-rate stop rule, and a kill switch per model."""
