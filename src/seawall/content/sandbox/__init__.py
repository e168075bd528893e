"""A process of its own for code that reads untrusted bytes: it may crash, hang or be taken over; the caller goes on.

Replies are JSON, never pickle, and the caller checks their shape as if the file had written them.
"""

from seawall.content.sandbox.confinement import Confinement, confinement_notice
from seawall.content.sandbox.errors import SandboxUnavailable, TookTooLong
from seawall.content.sandbox.limits import SandboxLimits
from seawall.content.sandbox.sandbox import Sandbox

__all__ = ["Confinement", "Sandbox", "SandboxLimits", "SandboxUnavailable", "TookTooLong", "confinement_notice"]
