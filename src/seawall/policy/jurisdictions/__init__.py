"""Jurisdiction profiles: what may be examined where, within which deadlines, and which authority is told."""
