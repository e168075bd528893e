"""The reading part of Hasher-Matcher-Actioner's API, so that a client of it can ask seawall instead."""
