"""Content: items, where they came from, what they are, and their safe decoding."""
