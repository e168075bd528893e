"""ASGI middleware: a guard around an application's routes. It imports no web framework."""

from seawall.client.middleware.guard import SCOPE_KEY, GuardMiddleware
from seawall.client.middleware.routes import AccountOf, Body, Output, Route, Scope

__all__ = ["SCOPE_KEY", "AccountOf", "Body", "GuardMiddleware", "Output", "Route", "Scope"]
