"""Accounts: opaque references, what they were given strikes for, and what restricts them."""
