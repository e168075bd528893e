"""The users of a database: added, changed, disabled.

Every change is an event of the ledger, in the same transaction, and ends the sessions that rested on what was before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from seawall.clock import to_iso
from seawall.decisions import Recorder
from seawall.errors import NotFound
from seawall.settings import Settings
from seawall.store import StoreConflict
from seawall.store.tables import staff
from seawall.users import _rows
from seawall.users._record import note, reason_digest
from seawall.users.errors import NotPermitted, UserProblem
from seawall.users.factors import Enrolment, Factors
from seawall.users.glass import LONGEST_MINUTES, Broken, Glass
from seawall.users.lockout import Lockout, LockoutRules
from seawall.users.model import Permission, Role, User
from seawall.users.passwords import Passwords, checked_password
from seawall.users.roles import GRANTABLE, permissions
from seawall.users.seal import Seal
from seawall.users.sign_in import SignIn
from seawall.users.tokens import Tokens

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.ledger import Ledger
    from seawall.store import Store


class Users:
    """People who may sign in. Threads may share one.

    Args:
        store: The database.
        ledger: In the same store.
        settings: Say where the key is that seals secrets.
        passwords: Hashes them; by default with the recommended parameters.
        rules: Waits after failures.

    Attributes:
        sign_in: Verifies who somebody is.
        factors: Second factors.
        glass: Breaks the glass, and announces it.
        lockout: Counts failures.
        tokens: Personal tokens, for the command line.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        settings: Settings,
        *,
        passwords: Passwords | None = None,
        rules: LockoutRules | None = None,
    ) -> None:
        self.store = store
        self.ledger = ledger
        seal = Seal.of(settings)
        self._passwords = passwords or Passwords()
        self.lockout = Lockout(store, seal, rules)
        self.factors = Factors(store, ledger, seal)
        self.glass = Glass(store, ledger)
        self.sign_in = SignIn(store, ledger, self._passwords, self.factors, self.lockout)
        self.tokens = Tokens(store, ledger, self.sign_in)

    @classmethod
    @contextmanager
    def opened(cls, settings: Settings) -> Iterator[Self]:
        """Open the store that the settings name, for the length of a block; what was changed is in the ledger then."""
        from seawall.ledger import KeyFile, Ledger, open_store

        with open_store(settings) as store:
            ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
            yield cls(store, ledger, settings)
            ledger.append_pending()

    def add(
        self,
        name: str,
        role: Role,
        password: str | None = None,
        by: str | None = None,
        *,
        subject: tuple[str, str] | None = None,
    ) -> User:
        """Add a user; the first one is an administrator.

        Args:
            name: For signing in; unique.
            role: What they are here for.
            password: None for somebody who uses single sign-on alone.
            by: Id of the administrator who adds them; None for the command line.
            subject: Issuer and subject of single sign-on.

        Raises:
            UserProblem: If the name is taken or cannot be one, or the first user would be no administrator.
            PasswordRefused: If the password cannot be one.
            NotPermitted: If `by` may not add users.
        """
        wanted = _rows.checked_name(name)
        if password is None and subject is None:
            raise UserProblem("a user has a password, or a subject of single sign-on")
        if subject is not None:
            _rows.expect_subject(*subject)
        hashed = self._passwords.hash(checked_password(password, wanted)) if password is not None else None
        made = Recorder.new_id()
        row = {
            "id": made,
            "name": wanted,
            "role": role.value,
            "pseudonym": _rows.new_pseudonym(),
            "created_at": to_iso(self.store.clock()),
            "created_by": by,
            "password": hashed,
            "factor_step": 0,
            "issuer": subject[0] if subject else None,
            "subject": subject[1] if subject else None,
        }
        try:
            with self.store.begin(alone=_rows.LOCK) as connection:
                if connection.execute(staff.select().limit(1)).first() is None and role is not Role.ADMIN:
                    raise UserProblem("the first user must be an administrator", hint="--role admin")
                if by is not None:
                    self._expect_admin(connection, by)
                if _rows.named(connection, wanted) is not None:
                    raise UserProblem("there is a user of this name already")
                connection.execute(staff.insert(), row)
                note(self.ledger, connection, "user.added", made, by, role=role.value, single_sign_on=bool(subject))
                return _rows.find(connection, made).user
        except StoreConflict:
            raise UserProblem("there is a user with this subject already") from None

    def get(self, user_id: str) -> User:
        """Return a user by id.

        Raises:
            NotFound: If there is none.
        """
        with self.store.read() as connection:
            return _rows.find(connection, user_id).user

    def by_name(self, name: str) -> User:
        """Return a user by name.

        Raises:
            NotFound: If there is none.
        """
        with self.store.read() as connection:
            kept = _rows.named(connection, name)
        if kept is None:
            raise NotFound("there is no user of this name", hint="'seawall users ls' shows who there is")
        return kept.user

    def all(self) -> list[User]:
        """Return every user, by name; those who are disabled too."""
        with self.store.read() as connection:
            rows = connection.execute(staff.select().order_by(staff.c.name)).mappings()
            return [_rows.read(row).user for row in rows]

    def has_password(self, user_id: str) -> bool:
        """Whether somebody may sign in with a password."""
        with self.store.read() as connection:
            return _rows.find(connection, user_id).password is not None

    def disable(self, user_id: str, by: str | None = None) -> User:
        """Let somebody sign in no more; their sessions end at once.

        Raises:
            UserProblem: If nobody could administer users after that.
            NotPermitted: If `by` may not.
        """
        now = to_iso(self.store.clock())
        with self.store.begin(alone=_rows.LOCK) as connection:
            user = self._expect_other_admin(connection, user_id, by)
            if user.disabled_at is None:
                _rows.change(connection, user_id, disabled_at=now)
                ended = _rows.cut_off(connection, user_id)
                note(self.ledger, connection, "user.disabled", user_id, by, sessions=ended)
            return _rows.find(connection, user_id).user

    def enable(self, user_id: str, by: str | None = None) -> User:
        """Let somebody sign in again. A grant that they held before is not theirs any more.

        Raises:
            NotPermitted: If `by` may not.
        """
        with self.store.begin(alone=_rows.LOCK) as connection:
            user = _rows.find(connection, user_id, change=True).user
            self._expect_admin_by(connection, by)
            if user.disabled_at is not None:
                _rows.change(connection, user_id, disabled_at=None, **_NO_GRANT)
                note(self.ledger, connection, "user.enabled", user_id, by)
            return _rows.find(connection, user_id).user

    def set_role(self, user_id: str, role: Role, by: str | None = None) -> User:
        """Give somebody another role; their sessions end, and a grant that is not for the new role too.

        Raises:
            UserProblem: If nobody could administer users after that.
            NotPermitted: If `by` may not.
        """
        with self.store.begin(alone=_rows.LOCK) as connection:
            if role is Role.ADMIN:
                user = _rows.find(connection, user_id, change=True).user
                self._expect_admin_by(connection, by)
            else:
                user = self._expect_other_admin(connection, user_id, by)
            if user.role is not role:
                _rows.change(connection, user_id, role=role.value, **({} if role in GRANTABLE else _NO_GRANT))
                ended = _rows.cut_off(connection, user_id)
                facts = {"role": role.value, "before": user.role.value, "sessions": ended}
                note(self.ledger, connection, "user.role", user_id, by, **facts)
            return _rows.find(connection, user_id).user

    def grant_child_safety(self, user_id: str, by: str, reason: str) -> User:
        """Let somebody open evidence, on the word of another person.

        Args:
            user_id: Who may.
            by: Id of the administrator who says so: never the same person.
            reason: Why; kept, and its digest recorded.

        Raises:
            NotPermitted: If `by` may not grant, or is the same person.
            UserProblem: If there is no reason, or the role cannot hold the grant.
        """
        why = _rows.checked_reason(reason)
        now = to_iso(self.store.clock())
        with self.store.begin(alone=_rows.LOCK) as connection:
            user = _rows.find(connection, user_id, change=True).user
            self._expect_admin(connection, by)
            if by == user_id:
                raise NotPermitted("nobody grants themselves access to evidence", hint="ask another administrator")
            if user.disabled_at is not None or user.role not in GRANTABLE:
                raise UserProblem("only reviewers and leads can be granted access to evidence", hint="")
            _rows.change(connection, user_id, granted_by=by, granted_at=now, grant_reason=why)
            ended = _rows.end_sessions(connection, user_id)
            facts = {"reason": reason_digest(why), "sessions": ended}
            note(self.ledger, connection, "user.child_safety_granted", user_id, by, **facts)
            return _rows.find(connection, user_id).user

    def revoke_child_safety(self, user_id: str, by: str | None = None) -> User:
        """Let somebody open evidence no more; their sessions end at once.

        Raises:
            NotPermitted: If `by` may not.
        """
        with self.store.begin(alone=_rows.LOCK) as connection:
            user = _rows.find(connection, user_id, change=True).user
            self._expect_admin_by(connection, by)
            if user.child_safety:
                _rows.change(connection, user_id, **_NO_GRANT)
                ended = _rows.end_sessions(connection, user_id)
                note(self.ledger, connection, "user.child_safety_revoked", user_id, by, sessions=ended)
            return _rows.find(connection, user_id).user

    def set_password(self, user_id: str, password: str, by: str | None = None, *, session: str | None = None) -> None:
        """Give somebody another password; their other sessions end, and their browsers are forgotten.

        Args:
            user_id: Whose.
            password: The new one.
            by: Who sets it: they, an administrator, or None for the command line.
            session: Id of a session that goes on.

        Raises:
            PasswordRefused: If it cannot be one.
            NotPermitted: If `by` may not.
        """
        hashed = self._passwords.hash(checked_password(password, self.get(user_id).name))
        with self.store.begin(alone=_rows.LOCK) as connection:
            _rows.find(connection, user_id, change=True)
            if by != user_id:
                self._expect_admin_by(connection, by)
            _rows.change(connection, user_id, password=hashed)
            ended = _rows.end_sessions(connection, user_id, but=session)
            _rows.forget_devices(connection, user_id)
            note(self.ledger, connection, "user.password", user_id, by, sessions=ended)

    def enrol_totp(self, user_id: str) -> Enrolment:
        """Set a second factor up; `confirm_totp` puts it into force."""
        return self.factors.enrol(user_id)

    def confirm_totp(self, user_id: str, code: str, *, session: str | None = None) -> tuple[str, ...]:
        """Put a second factor into force; return the recovery codes, once."""
        return self.factors.confirm(user_id, code, session=session)

    def reset_second_factor(self, user_id: str, by: str | None = None) -> None:
        """Ask somebody for no code any more, until they set one up again.

        Raises:
            NotPermitted: If `by` may not.
        """
        with self.store.read() as connection:
            self._expect_admin_by(connection, by)
        self.factors.reset(user_id, by=by)

    def end_sessions(self, user_id: str, by: str | None = None, *, but: str | None = None) -> int:
        """End somebody's sessions at once; return how many there were.

        Raises:
            NotPermitted: If `by` may not.
        """
        with self.store.begin() as connection:
            _rows.find(connection, user_id)
            if by != user_id:
                self._expect_admin_by(connection, by)
            ended = _rows.end_sessions(connection, user_id, but=but)
            if ended:
                note(self.ledger, connection, "user.sessions_ended", user_id, by, sessions=ended)
            return ended

    def unlock(self, user_id: str, by: str | None = None) -> None:
        """Forget somebody's failed attempts, so that they need not wait.

        Raises:
            NotPermitted: If `by` may not.
        """
        with self.store.begin() as connection:
            user = _rows.find(connection, user_id).user
            self._expect_admin_by(connection, by)
            self.lockout.unlock(connection, [("password", user.name), ("factor", user.id)])
            note(self.ledger, connection, "user.unlocked", user_id, by)

    def allowed(self, user: User | str, permission: Permission) -> bool:
        """Whether somebody may do something now: asked of the database, never of what a page remembers."""
        return permission in self.permissions(user)

    def permissions(self, user: User | str) -> frozenset[Permission]:
        """Return all that somebody may do now; nothing if they are disabled or unknown."""
        user_id = user if isinstance(user, str) else user.id
        with self.store.read() as connection:
            try:
                found = _rows.find(connection, user_id).user
            except NotFound:
                return frozenset()
            return self._permissions(connection, found)

    def break_glass(self, user: User | str, reason: str, minutes: int = LONGEST_MINUTES) -> Broken:
        """Let somebody open evidence for a while; recorded, and announced to every administrator.

        Raises:
            NotPermitted: If their role may not.
            UserProblem: If there is no reason, or it is for longer than an hour.
        """
        return self.glass.smash(user if isinstance(user, str) else user.id, reason, minutes)

    def audit_read(self, user: User | str, what: str, item: str) -> None:
        """Record that somebody read something.

        Args:
            user: Who.
            what: What sort of thing, such as `case`.
            item: Its id or digest; never content, and never a name.
        """
        user_id = user if isinstance(user, str) else user.id
        with self.store.begin() as connection:
            body = {"user": user_id, "what": what, "item": item}
            self.ledger.record(connection, "read", f"read/{Recorder.new_id()}", body)

    def _permissions(self, connection: Connection, user: User) -> frozenset[Permission]:
        if user.disabled_at is not None:
            return frozenset()
        glass = self.glass.broken(connection, user.id) is not None
        return permissions(user.role, child_safety=user.child_safety, glass=glass)

    def _expect_admin_by(self, connection: Connection, by: str | None) -> None:
        if by is not None:
            self._expect_admin(connection, by)

    def _expect_admin(self, connection: Connection, by: str) -> None:
        try:
            admin = _rows.find(connection, by).user
        except NotFound:
            raise NotPermitted("only an administrator may do this") from None
        if Permission.MANAGE_USERS not in self._permissions(connection, admin):
            raise NotPermitted("only an administrator may do this")

    def _expect_other_admin(self, connection: Connection, user_id: str, by: str | None) -> User:
        user = _rows.find(connection, user_id, change=True).user
        self._expect_admin_by(connection, by)
        if user.role is Role.ADMIN and user.disabled_at is None:
            others = staff.select().where(
                staff.c.role == Role.ADMIN.value, staff.c.disabled_at.is_(None), staff.c.id != user_id
            )
            if connection.execute(others).first() is None:
                raise UserProblem("this is the last administrator", hint="add another one first")
        return user


_NO_GRANT = {"granted_by": None, "granted_at": None, "grant_reason": None}
