"""What the guard's text check is measured beside: FastAPI, an async POST with the same request and reply models."""

from __future__ import annotations

from fastapi import FastAPI

from seawall.deploy.guard.requests import CheckReply, InputCheck
from seawall.policy.guard import GuardAction

app = FastAPI()


@app.post("/v1/check/input")
async def check(check: InputCheck) -> CheckReply:
    """Answer without looking."""
    return CheckReply(action=GuardAction.ALLOW, policy="0" * 64, decision_id="0" * 32)
