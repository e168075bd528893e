"""The vault: encrypted evidence, whose every opening is logged. Removed bytes go here and nowhere else."""
