"""Clients of a seawall server: synchronous, asynchronous, middleware, and a hook for diffusers pipelines."""
