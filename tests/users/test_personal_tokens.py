"""Personal tokens: made with a password, good for some days, ended with whatever ends a session."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from seawall.store import Store
from seawall.store.tables import personal_token
from seawall.users import MustWait, Role, SignInRefused, User, UserProblem, Users, codes
from tests.users.conftest import PASSWORD, Moment

Events = Callable[[str], list[dict[str, Any]]]


def test_a_token_is_whoever_made_it_until_its_days_are_over(users: Users, rhea: User, moment: Moment) -> None:
    made = users.tokens.add("RHEA", PASSWORD, days=2)
    assert users.tokens.owner(made).id == rhea.id
    moment.pass_by(days=2, seconds=-1)
    assert users.tokens.owner(made).id == rhea.id
    moment.pass_by(seconds=1)
    with pytest.raises(SignInRefused):
        users.tokens.owner(made)


@pytest.mark.parametrize("given", ["", "swpat_", "swpat_" + "A" * 43, "another", "swpat_" + "é" * 43])
def test_what_is_nobodys_token_is_refused(users: Users, rhea: User, given: str) -> None:
    users.tokens.add(rhea.name, PASSWORD)
    with pytest.raises(SignInRefused, match="no token of anybody's"):
        users.tokens.owner(given)


def test_a_wrong_password_makes_none_and_makes_one_wait(users: Users, rhea: User, store: Store) -> None:
    for _ in range(30):
        try:
            users.tokens.add(rhea.name, "another plain boat")
        except MustWait:
            break
        except SignInRefused:
            continue
    else:
        raise AssertionError("nobody has to wait")
    with store.read() as connection:
        assert connection.execute(personal_token.select()).all() == []


def test_a_second_factor_is_asked_for(users: Users, rhea: User, moment: Moment) -> None:
    secret = base64.b32decode(users.enrol_totp(rhea.id).secret)
    recovery = users.confirm_totp(rhea.id, codes.code_at(secret, codes.step_at(moment())))
    with pytest.raises(SignInRefused, match="second factor is missing"):
        users.tokens.add(rhea.name, PASSWORD)
    with pytest.raises(SignInRefused):
        users.tokens.add(rhea.name, PASSWORD, code="000000")
    assert users.tokens.owner(users.tokens.add(rhea.name, PASSWORD, code=recovery[0])).id == rhea.id


@pytest.mark.parametrize("end", ["disable", "role", "password", "revoke", "sessions", "grant"])
def test_whatever_ends_sessions_ends_tokens(users: Users, admin: User, rhea: User, end: str) -> None:
    users.grant_child_safety(rhea.id, admin.id, "reviews")
    made = users.tokens.add(rhea.name, PASSWORD)
    if end == "disable":
        users.disable(rhea.id, admin.id)
    elif end == "role":
        users.set_role(rhea.id, Role.LEAD, admin.id)
    elif end == "password":
        users.set_password(rhea.id, "four plain boats here", rhea.id)
    elif end == "revoke":
        assert users.tokens.revoke(rhea.id) == 1
    elif end == "sessions":
        users.end_sessions(rhea.id, admin.id)
    else:
        users.revoke_child_safety(rhea.id, admin.id)
    with pytest.raises(SignInRefused):
        users.tokens.owner(made)


@pytest.mark.parametrize("days", [0, -1, 91])
def test_a_token_is_good_for_ninety_days_at_most(users: Users, rhea: User, days: int) -> None:
    with pytest.raises(UserProblem, match="90 days"):
        users.tokens.add(rhea.name, PASSWORD, days=days)


def test_neither_the_table_nor_the_ledger_has_the_token(users: Users, rhea: User, store: Store, events: Events) -> None:
    made = users.tokens.add(rhea.name, PASSWORD)
    with store.read() as connection:
        rows = [dict(row) for row in connection.execute(personal_token.select()).mappings()]
    assert made not in repr(rows)
    assert made[6:] not in repr(rows)
    (event,) = events("user.token_made")
    assert made not in repr(event)
