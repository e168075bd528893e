"""Passwords, one-time codes, recovery codes, and what is kept of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from seawall.errors import SecretUnusable
from seawall.ledger import Ledger
from seawall.settings import Settings
from seawall.store import Store
from seawall.store.tables import recovery_code, staff
from seawall.users import PasswordRefused, Passwords, SignInBusy, SignInRefused, User, UserProblem, Users, codes
from seawall.users.passwords import checked_password
from seawall.users.seal import Seal

PASSWORD = "three plain boats"


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short",
        "elevenchars",
        "password1234",
        "Password2026!!",
        "administrator",
        "aaaaaaaaaaaaaaaa",
        "abababababab",
        "abcdefghijklmnop",
        "123456789012",
        "zyxwvutsrqponm",
        "qwertyuiopas",
        "SeawallSeawall1",
        "rosalind.rosalind",
        "rosalind1234",
        "x" * 300,
        "three plain boats" * 20,
        "three\0plain boats",
        "\ud800three plain",
    ],
)
def test_a_password_that_anybody_guesses_is_refused_and_never_repeated(password: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        checked_password(password, "rosalind")
    assert not password or password not in str(refused.value)


@pytest.mark.parametrize(
    "password", [PASSWORD, "tres botes sencillos", "drei schöne Boote", "三艘朴素的船在海上慢慢走着"]
)
def test_a_few_words_are_a_password(password: str, cheap: Passwords) -> None:
    assert cheap.verify(cheap.hash(checked_password(password, "adelaide")), password)


def test_two_ways_to_type_one_letter_are_one_password(cheap: Passwords) -> None:
    assert cheap.verify(cheap.hash("drei schöne Boote"), "drei scho\u0308ne Boote")


@given(st.text(max_size=400))
def test_whatever_is_typed_is_refused_or_accepted_and_verifies(text: str) -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    try:
        wanted = checked_password(text, "adelaide")
    except PasswordRefused:
        return
    assert passwords.verify(passwords.hash(wanted), text)


def test_the_parameters_are_those_that_are_recommended_unless_told_otherwise() -> None:
    stored = Passwords().hash(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not Passwords().verify("not a hash", PASSWORD)
    assert not Passwords().verify(None, "nobody has this password")


def test_a_hash_is_made_anew_when_the_parameters_change(
    users: Users, admin: User, store: Store, settings: Settings
) -> None:
    def stored() -> str:
        with store.read() as connection:
            return str(connection.execute(select(staff.c.password)).scalar_one())

    before = stored()
    dearer = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    later = Users(store, users.ledger, settings, passwords=dearer)
    with pytest.raises(SignInRefused):
        later.sign_in.password("adelaide", "wrong")
    assert stored() == before
    assert later.sign_in.password("adelaide", PASSWORD).id == admin.id
    after = stored()
    assert "m=16,t=2" in after
    later.sign_in.password("adelaide", PASSWORD)
    assert stored() == after


def test_only_so_many_passwords_are_looked_at_at_once() -> None:
    held, go = threading.Event(), threading.Event()

    class Slow(PasswordHasher):
        def hash(self, password: Any, *, salt: Any = None) -> str:
            held.set()
            go.wait(10)
            return "hash"

    passwords = Passwords(Slow(), at_once=1, wait=0)
    thread = threading.Thread(target=passwords.hash, args=("x",))
    thread.start()
    assert held.wait(10)
    with pytest.raises(SignInBusy):
        passwords.verify("stored", "x")
    go.set()
    thread.join(10)


def test_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B, cut to six digits.
    secret = b"12345678901234567890"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (2000000000, "279037")):
        moment = datetime.fromtimestamp(seconds, UTC)
        assert codes.code_at(secret, codes.step_at(moment)) == code
        assert codes.matching_step(secret, f" {code[:3]} {code[3:]} ", moment, after=0) == codes.step_at(moment)


@given(st.text(max_size=80))
def test_what_is_no_code_matches_nothing(text: str) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    found = codes.matching_step(b"k" * 20, text, moment, after=0)
    assert found is None or "".join(text.split()) == codes.code_at(b"k" * 20, found)
    codes.plain_recovery_code(text)


def enrolled(users: Users, user: User, moment: Any) -> tuple[bytes, tuple[str, ...]]:
    import base64

    shown = users.enrol_totp(user.id).secret
    secret = base64.b32decode(shown + "=" * (-len(shown) % 8))
    return secret, users.confirm_totp(user.id, codes.code_at(secret, codes.step_at(moment())))


def test_a_factor_asks_for_nothing_until_a_code_confirms_it(users: Users, admin: User, moment: Any) -> None:
    enrolment = users.enrol_totp(admin.id)
    assert enrolment.secret in enrolment.uri
    assert enrolment.uri.startswith("otpauth://totp/seawall%3Aadelaide?")
    assert not users.get(admin.id).second_factor
    with pytest.raises(SignInRefused):
        users.confirm_totp(admin.id, "no code")
    assert users.factors.pending(admin.id) == enrolment
    enrolled(users, admin, moment)
    assert users.get(admin.id).second_factor
    assert users.factors.pending(admin.id) is None
    with pytest.raises(UserProblem):
        users.confirm_totp(admin.id, "000000")


def test_a_code_counts_once_and_never_after_a_later_one(users: Users, admin: User, moment: Any) -> None:
    secret, _ = enrolled(users, admin, moment)
    here = codes.step_at(moment())
    assert not users.factors.proves(admin.id, codes.code_at(secret, here))
    assert users.factors.proves(admin.id, codes.code_at(secret, here + 1))
    assert not users.factors.proves(admin.id, codes.code_at(secret, here + 1))
    moment.pass_by(seconds=30)
    assert not users.factors.proves(admin.id, codes.code_at(secret, here + 1))
    assert not users.factors.proves(admin.id, codes.code_at(secret, here))
    moment.pass_by(seconds=30)
    assert users.factors.proves(admin.id, codes.code_at(secret, here + 2))
    moment.pass_by(seconds=300)
    assert not users.factors.proves(admin.id, codes.code_at(secret, here + 3))


def test_of_many_who_use_one_code_at_once_one_succeeds(users: Users, admin: User, moment: Any) -> None:
    secret, recovery = enrolled(users, admin, moment)
    moment.pass_by(seconds=60)
    for typed in (codes.code_at(secret, codes.step_at(moment())), recovery[0]):
        with ThreadPoolExecutor(4) as pool:
            proved = list(pool.map(users.factors.proves, [admin.id] * 4, [typed] * 4))
        assert sorted(proved) == [False, False, False, True]


def test_a_recovery_code_counts_once_in_whatever_way_it_is_typed(
    users: Users, admin: User, moment: Any, store: Store, events: Callable[[str], list[dict[str, Any]]]
) -> None:
    _, recovery = enrolled(users, admin, moment)
    assert len(set(recovery)) == users.factors.left(admin.id) == 10
    with store.read() as connection:
        kept = str(connection.execute(recovery_code.select()).all())
    assert not any(code in kept or code.replace("-", "") in kept for code in recovery)
    assert users.factors.proves(admin.id, f" {recovery[3].lower().replace('-', ' ')} ")
    assert not users.factors.proves(admin.id, recovery[3])
    assert users.factors.left(admin.id) == 9
    assert len(events("user.recovery_code_used")) == 1


def test_a_reset_leaves_no_factor_and_no_recovery_code(users: Users, admin: User, moment: Any) -> None:
    secret, recovery = enrolled(users, admin, moment)
    users.reset_second_factor(admin.id)
    assert not users.get(admin.id).second_factor
    moment.pass_by(seconds=60)
    assert not users.factors.proves(admin.id, codes.code_at(secret, codes.step_at(moment())))
    assert not users.factors.proves(admin.id, recovery[0])


def test_the_secret_of_one_user_opens_nothing_for_another(users: Users, admin: User, rhea: User, moment: Any) -> None:
    enrolled(users, admin, moment)
    with users.store.begin() as connection:
        sealed = connection.execute(select(staff.c.factor).where(staff.c.id == admin.id)).scalar()
        connection.execute(staff.update().where(staff.c.id == rhea.id).values(factor=sealed))
    with pytest.raises(SecretUnusable):
        users.factors.proves(rhea.id, "123456")


def test_without_its_key_a_copy_of_the_database_verifies_no_code(
    users: Users, admin: User, moment: Any, store: Store, tmp_path: Any, cheap: Passwords
) -> None:
    enrolled(users, admin, moment)
    thief = Users(store, users.ledger, Settings(tmp_path / "elsewhere", ""), passwords=cheap)
    with pytest.raises(SecretUnusable):
        thief.factors.proves(admin.id, "123456")


@given(st.binary(max_size=100), st.text(max_size=20), st.text(max_size=100))
def test_what_is_sealed_opens_for_its_purpose_alone(data: bytes, purpose: str, junk: str) -> None:
    seal = Seal(b"k" * 32)
    sealed = seal.close(data, f"p{purpose.encode('utf-8', 'replace').decode()}")
    assert seal.open(sealed, f"p{purpose.encode('utf-8', 'replace').decode()}") == data
    with pytest.raises(SecretUnusable):
        seal.open(sealed, "q")
    with pytest.raises(SecretUnusable):
        seal.open(junk, "p")
    assert seal.digest("a", "bc") != seal.digest("ab", "c")


def test_the_ledger_is_part_of_each_change(users: Users, admin: User) -> None:
    ledger: Ledger = users.ledger
    before = ledger.size
    users.end_sessions(admin.id)
    ledger.append_pending()
    assert ledger.size > before
