"""People who work with seawall: who they are, what they may do, and how they prove it."""

from seawall.users.book import Users
from seawall.users.errors import MustWait, NotPermitted, PasswordRefused, SignInBusy, SignInRefused, UserProblem
from seawall.users.factors import Enrolment
from seawall.users.glass import Announcement, Broken
from seawall.users.lockout import LockoutRules, Waits
from seawall.users.model import Permission, Role, User
from seawall.users.passwords import Passwords
from seawall.users.roles import ROLES

__all__ = [
    "ROLES",
    "Announcement",
    "Broken",
    "Enrolment",
    "LockoutRules",
    "MustWait",
    "NotPermitted",
    "PasswordRefused",
    "Passwords",
    "Permission",
    "Role",
    "SignInBusy",
    "SignInRefused",
    "User",
    "UserProblem",
    "Users",
    "Waits",
]
