"""A hook for diffusers pipelines: prompts and input pictures before, generated pictures after. It imports no torch."""

from seawall.client.diffusers.errors import Blocked, BlockedInput, BlockedOutput, Unexaminable
from seawall.client.diffusers.hook import Guard, OnBlocked, guard_pipeline

__all__ = ["Blocked", "BlockedInput", "BlockedOutput", "Guard", "OnBlocked", "Unexaminable", "guard_pipeline"]
