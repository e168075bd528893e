"""Datasets: reading, scanning, reporting."""
