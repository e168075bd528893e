"""Deploy: guard what goes in and out, hold accounts to account, prevent, and release in phases."""
