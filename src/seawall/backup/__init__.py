"""Backups: everything that seawall keeps, without the keys; what was destroyed stays destroyed."""
