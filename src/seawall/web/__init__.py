"""The HTTP door: one application, thin handlers, API keys, metrics."""
