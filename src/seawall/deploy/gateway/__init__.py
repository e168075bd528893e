"""The gateway: a reverse proxy that guards an OpenAI-compatible model server."""
