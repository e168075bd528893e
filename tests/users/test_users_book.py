"""Who may do what, who says so, and what is recorded of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from seawall.errors import NotFound, StoreError
from seawall.store import Store
from seawall.store.tables import ledger_event, staff, staff_session
from seawall.users import ROLES, NotPermitted, Permission, Role, SignInRefused, User, UserProblem, Users
from seawall.users.roles import permissions

PASSWORD = "three plain boats"
Events = Callable[[str], list[dict[str, Any]]]


def lead(users: Users) -> User:
    return users.add("leda", Role.LEAD, PASSWORD)


def open_session(store: Store, user: User, number: int = 0) -> None:
    moment = "2026-01-01T00:00:00.000000Z"
    row = {
        "digest": f"{number:064x}",
        "id": f"{number:032x}",
        "person": user.id,
        "stage": "full",
        "created_at": moment,
        "seen_at": moment,
        "expires_at": moment,
    }
    with store.begin() as connection:
        connection.execute(staff_session.insert(), row)


def sessions(store: Store) -> int:
    with store.read() as connection:
        return len(connection.execute(staff_session.select()).all())


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.LEAD, Role.AUDITOR])
def test_the_first_user_must_be_an_administrator(users: Users, role: Role) -> None:
    with pytest.raises(UserProblem, match="first user"):
        users.add("adelaide", role, PASSWORD)
    assert users.all() == []


def test_a_user_is_found_by_id_and_by_name_in_any_case(users: Users, admin: User) -> None:
    assert users.get(admin.id) == users.by_name(" ADELAIDE ") == admin
    assert users.all() == [admin]
    assert admin.pseudonym.startswith("person-")
    assert "adelaide" not in admin.pseudonym
    with pytest.raises(NotFound):
        users.get("0" * 32)
    with pytest.raises(NotFound):
        users.by_name("nobody")


@pytest.mark.parametrize("name", ["", "-a", "a b", "a" * 65, "ä", "a/b", "a\n", "a\0"])
def test_a_name_is_plain(users: Users, name: str) -> None:
    if name.strip() == "a":
        assert users.add(name, Role.ADMIN, PASSWORD).name == "a"
        return
    with pytest.raises(UserProblem):
        users.add(name, Role.ADMIN, PASSWORD)


def test_two_users_never_have_one_name_or_one_subject(users: Users, admin: User) -> None:
    with pytest.raises(UserProblem, match="this name"):
        users.add("ADELAIDE", Role.REVIEWER, PASSWORD)
    subject = ("https://issuer.example", "s-1")
    made = users.add("ole", Role.REVIEWER, subject=subject)
    assert made.subject == "https://issuer.example s-1"
    with pytest.raises(UserProblem, match="subject"):
        users.add("pia", Role.REVIEWER, subject=subject)


def test_only_administrators_add_users(users: Users, admin: User, rhea: User) -> None:
    for by in (rhea.id, "0" * 32):
        with pytest.raises(NotPermitted):
            users.add("eve", Role.ADMIN, PASSWORD, by)
    users.add("anna", Role.ADMIN, PASSWORD, admin.id)
    users.disable(admin.id)
    with pytest.raises(NotPermitted):
        users.add("eve", Role.ADMIN, PASSWORD, admin.id)


def test_no_role_opens_evidence_and_none_holds_everything() -> None:
    assert set(ROLES) == set(Role)
    for held in ROLES.values():
        assert Permission.OPEN_EVIDENCE not in held
        assert held < set(Permission) - {Permission.OPEN_EVIDENCE}
    assert Permission.REVIEW not in ROLES[Role.ADMIN]
    assert Permission.OPEN_EVIDENCE not in permissions(Role.ADMIN, child_safety=True, glass=False)
    assert Permission.OPEN_EVIDENCE not in permissions(Role.AUDITOR, child_safety=True, glass=True)


def test_another_person_grants_access_to_evidence_and_gives_a_reason(
    users: Users, admin: User, rhea: User, events: Events, store: Store
) -> None:
    assert not users.allowed(rhea, Permission.OPEN_EVIDENCE)
    open_session(store, rhea)
    with pytest.raises(UserProblem, match="reason"):
        users.grant_child_safety(rhea.id, admin.id, " \n ")
    granted = users.grant_child_safety(rhea.id, admin.id, "trained in January")
    assert (granted.child_safety, granted.granted_by) == (True, admin.id)
    assert users.allowed(rhea, Permission.OPEN_EVIDENCE)
    assert sessions(store) == 0
    [event] = events("user.child_safety_granted")
    assert (event["user"], event["by"]) == (rhea.id, admin.id)
    assert "trained" not in json.dumps(event)
    assert not users.revoke_child_safety(rhea.id, admin.id).child_safety
    assert not users.allowed(rhea, Permission.OPEN_EVIDENCE)


def test_nobody_grants_themselves_or_those_who_are_here_for_something_else(users: Users, admin: User) -> None:
    with pytest.raises(NotPermitted):
        users.grant_child_safety(admin.id, admin.id, "me")
    other = users.add("anna", Role.ADMIN, PASSWORD)
    auditor = users.add("otto", Role.AUDITOR, PASSWORD)
    for user in (other, auditor):
        with pytest.raises(UserProblem):
            users.grant_child_safety(user.id, admin.id, "curious")
    reviewer = users.add("rhea", Role.REVIEWER, PASSWORD)
    with pytest.raises(NotPermitted):
        users.grant_child_safety(reviewer.id, lead(users).id, "not mine to give")


def test_the_database_itself_refuses_a_grant_to_oneself(store: Store, admin: User, rhea: User) -> None:
    own = {"granted_by": rhea.id, "granted_at": rhea.created_at, "grant_reason": "mine"}
    with pytest.raises(StoreError), store.begin() as connection:
        connection.execute(staff.update().where(staff.c.id == rhea.id).values(own))
    given = {"granted_by": rhea.id, "granted_at": rhea.created_at, "grant_reason": "yours"}
    with pytest.raises(StoreError), store.begin() as connection:
        connection.execute(staff.update().where(staff.c.id == admin.id).values(given))


def test_disabling_somebody_ends_their_sessions_and_all_that_they_may(
    users: Users, admin: User, rhea: User, store: Store, events: Events
) -> None:
    open_session(store, rhea, 1)
    open_session(store, rhea, 2)
    open_session(store, admin, 3)
    users.grant_child_safety(rhea.id, admin.id, "trained")
    open_session(store, rhea, 4)
    gone = users.disable(rhea.id, admin.id)
    assert gone.disabled_at is not None
    assert sessions(store) == 1
    assert users.permissions(rhea) == frozenset()
    with pytest.raises(SignInRefused):
        users.sign_in.password("rhea", PASSWORD)
    assert [event["sessions"] for event in events("user.disabled")] == [1]
    back = users.enable(rhea.id, admin.id)
    assert not back.child_safety
    assert users.sign_in.password("rhea", PASSWORD).id == rhea.id


def test_there_is_always_an_administrator(users: Users, admin: User) -> None:
    with pytest.raises(UserProblem, match="last"):
        users.disable(admin.id)
    with pytest.raises(UserProblem, match="last"):
        users.set_role(admin.id, Role.REVIEWER)
    other = users.add("anna", Role.ADMIN, PASSWORD)
    users.disable(admin.id, other.id)
    with pytest.raises(UserProblem, match="last"):
        users.disable(other.id)


def test_another_role_ends_sessions_and_a_grant_that_is_not_for_it(
    users: Users, admin: User, rhea: User, store: Store
) -> None:
    users.grant_child_safety(rhea.id, admin.id, "trained")
    open_session(store, rhea)
    assert users.set_role(rhea.id, Role.LEAD, admin.id).child_safety
    assert sessions(store) == 0
    assert not users.set_role(rhea.id, Role.AUDITOR, admin.id).child_safety
    assert users.permissions(rhea) == ROLES[Role.AUDITOR]


def test_the_glass_is_broken_for_an_hour_and_every_administrator_is_told(
    users: Users, admin: User, moment: Any, events: Events
) -> None:
    anna = users.add("anna", Role.ADMIN, PASSWORD)
    gone = users.add("greg", Role.ADMIN, PASSWORD)
    users.disable(gone.id)
    leda = lead(users)
    made = users.break_glass(leda, "somebody is in danger, nobody can be reached")
    assert users.allowed(leda, Permission.OPEN_EVIDENCE)
    for each in (admin, anna):
        [told] = users.glass.announcements(each.id, unseen=True)
        assert told.broken == made
    assert users.glass.announcements(gone.id) == []
    assert users.glass.seen(admin.id, users.glass.announcements(admin.id)[0].id)
    assert users.glass.announcements(admin.id, unseen=True) == []
    assert len(users.glass.announcements(anna.id, unseen=True)) == 1
    [event] = events("user.glass_broken")
    assert (event["user"], event["told"]) == (leda.id, 2)
    assert "danger" not in json.dumps(event)
    moment.pass_by(minutes=59, seconds=59)
    assert users.allowed(leda, Permission.OPEN_EVIDENCE)
    moment.pass_by(seconds=1)
    assert not users.allowed(leda, Permission.OPEN_EVIDENCE)


def test_the_glass_takes_a_reason_a_role_and_at_most_an_hour(users: Users, admin: User, rhea: User) -> None:
    for minutes in (0, -1, 61, 10_000):
        with pytest.raises(UserProblem):
            users.break_glass(admin, "reason", minutes)
    with pytest.raises(UserProblem):
        users.break_glass(admin, "  ")
    with pytest.raises(NotPermitted):
        users.break_glass(rhea, "reason")
    users.break_glass(admin, "reason", 5)
    assert users.allowed(admin, Permission.OPEN_EVIDENCE)
    assert users.glass.end(admin.id, by=admin.id) == 1
    assert not users.allowed(admin, Permission.OPEN_EVIDENCE)


def test_what_is_read_is_recorded_each_time(users: Users, rhea: User, events: Events) -> None:
    users.audit_read(rhea, "case", "c" * 32)
    users.audit_read(rhea.id, "case", "c" * 32)
    assert events("read") == [{"user": rhea.id, "what": "case", "item": "c" * 32}] * 2


def test_the_ledger_and_the_table_hold_no_secret_and_no_name(users: Users, admin: User, rhea: User) -> None:
    users.grant_child_safety(rhea.id, admin.id, "because zorblax")
    enrolment = users.enrol_totp(rhea.id)
    users.set_password(rhea.id, "another plain boat", admin.id)
    users.end_sessions(rhea.id, admin.id)
    users.unlock(rhea.id, admin.id)
    with users.store.read() as connection:
        told = "\n".join(connection.execute(select(ledger_event.c.data)).scalars())
        kept = str(connection.execute(staff.select()).mappings().all())
    for secret in ("rhea", "adelaide", "zorblax", PASSWORD, "another plain boat", enrolment.secret):
        assert secret not in told
    for secret in (PASSWORD, "another plain boat", enrolment.secret):
        assert secret not in kept


def test_only_oneself_and_administrators_change_a_password_or_end_sessions(users: Users, rhea: User) -> None:
    other = users.add("olga", Role.LEAD, PASSWORD)
    with pytest.raises(NotPermitted):
        users.set_password(rhea.id, "another plain boat", other.id)
    with pytest.raises(NotPermitted):
        users.end_sessions(rhea.id, other.id)
    with pytest.raises(NotPermitted):
        users.reset_second_factor(rhea.id, other.id)
    with pytest.raises(NotPermitted):
        users.unlock(rhea.id, other.id)
    users.set_password(rhea.id, "another plain boat", rhea.id)
    assert users.sign_in.password("rhea", "another plain boat").id == rhea.id
    with pytest.raises(SignInRefused):
        users.sign_in.password("rhea", PASSWORD)
