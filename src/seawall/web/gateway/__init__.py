"""The gateway over HTTP: what an OpenAI client sees, in front of a model server."""
