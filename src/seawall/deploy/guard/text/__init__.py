"""Texts, examined: terms in this process, models and services beside it."""
