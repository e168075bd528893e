"""Secondary accounts: keyed tokens suggest, a person decides, and what rested on an overturned ban is taken back."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from seawall.accounts import Accounts, AlreadyDone, Deserved, LinkError, Links, RestrictionKind
from seawall.accounts.links import LinkState, Token, TokenKeys, rarity, read_kinds, score, shipped_kinds, token_of
from seawall.accounts.links.score import Evidence, evidence, suggests
from seawall.clock import to_iso
from seawall.errors import NotFound, SecretUnusable, UsageError
from seawall.ledger import Ledger
from seawall.store import Store, tables
from seawall.store.outbox import Outbox
from tests.accounts.conftest import Moment

WHO = {"person": "ada", "reason": "same payer, same pattern"}


@pytest.fixture
def keys(tmp_path: Path) -> TokenKeys:
    return TokenKeys(tmp_path / "keys" / "links")


@pytest.fixture
def links(store: Store, ledger: Ledger, accounts: Accounts, keys: TokenKeys) -> Links:
    return Links(store, ledger, accounts, keys)


@pytest.fixture
def see(links: Links, keys: TokenKeys) -> Callable[..., list[Any]]:
    def observe(account: str, **values: str) -> list[Any]:
        tokens = [token for kind, value in values.items() for token in keys.tokens(kind, value)]
        return links.observe(account, tokens)

    return observe


def _ban(accounts: Accounts, store: Store, account: str = "old") -> str:
    decision = hashlib.sha256(account.encode()).hexdigest()[:32]
    with store.begin() as connection:
        accounts.settle(connection, [Deserved(decision, account, "gravest", to_iso(store.clock()))])
    return decision


def _standing(accounts: Accounts, moment: Moment, account: str) -> list[str | None]:
    return [each.standing for each in accounts.show(account).holding(to_iso(moment()))]


def test_a_shared_strong_token_suggests_a_link_to_a_banned_account_and_nothing_more(
    accounts: Accounts, store: Store, moment: Moment, links: Links, see: Callable[..., list[Any]], outbox: Outbox
) -> None:
    _ban(accounts, store)
    assert see("old", payment="card-fp-1") == []
    (link,) = see("new", payment="card-fp-1", network="192.0.2.7")
    assert (link.accounts, link.state, link.score) == (("new", "old"), LinkState.SUGGESTED, 0.9)
    assert [each.text for each in link.evidence] == ["payment: shared by 2 accounts, says 0.90 of at most 0.90"]
    assert _standing(accounts, moment, "new") == []
    assert [each.payload["account"] for each in outbox.messages()] == ["old"]
    assert see("new", payment="card-fp-1") == []


def test_accounts_in_good_standing_are_not_linked(see: Callable[..., list[Any]], links: Links) -> None:
    see("one", payment="card-fp-1")
    assert see("two", payment="card-fp-1") == []
    assert links.links() == []


def test_weak_evidence_alone_suggests_nothing(
    accounts: Accounts, store: Store, see: Callable[..., list[Any]], links: Links
) -> None:
    _ban(accounts, store)
    shared = {"network": "192.0.2.7", "reference_digest": "a" * 64}
    see("old", **shared)
    assert see("new", **shared) == []
    assert [each.strong for each in links.explain("new", "old")] == [False, False]
    many = tuple(Evidence(f"k{n}", 0.49, 2, 1.0, False) for n in range(50))
    assert score(many) > 0.99
    assert not suggests(many, shipped_kinds())


def test_a_token_that_many_share_says_less_and_then_nothing(
    accounts: Accounts, store: Store, see: Callable[..., list[Any]], links: Links
) -> None:
    _ban(accounts, store)
    see("old", payment="shared")
    scores = []
    for number in range(6):
        see(f"n-{number}", payment="shared")
        scores.append(score(links.explain(f"n-{number}", "old")))
    assert scores == [0.9, 0.45, 0.3, 0.225, 0.0, 0.0]


def test_a_confirmed_link_inherits_the_ban_with_an_inverse_of_its_own(
    accounts: Accounts, store: Store, moment: Moment, links: Links, see: Callable[..., list[Any]]
) -> None:
    _ban(accounts, store)
    see("old", email="some.body+x@googlemail.com")
    (link,) = see("new", email="somebody@gmail.com")
    (made,) = links.confirm(link.id, **WHO)
    assert (made.account, made.kind, made.person, made.link) == ("new", RestrictionKind.BAN, "ada", link.id)
    assert _standing(accounts, moment, "new") == ["banned"]
    assert links.around("new") == {"old": 1}
    accounts.lift(made.id, **WHO)
    assert (_standing(accounts, moment, "new"), _standing(accounts, moment, "old")) == ([], ["banned"])
    for call in (links.confirm, links.reject):
        with pytest.raises(AlreadyDone):
            call(link.id, **WHO)
    assert accounts.verify("new") == 2


def test_a_link_can_be_confirmed_without_inheritance(
    accounts: Accounts, store: Store, moment: Moment, links: Links, see: Callable[..., list[Any]]
) -> None:
    _ban(accounts, store)
    see("old", phone="+1 (555) 010-0199")
    (link,) = see("new", phone="+15550100199")
    assert links.confirm(link.id, inherit=False, **WHO) == []
    assert links.get(link.id).state is LinkState.CONFIRMED
    assert _standing(accounts, moment, "new") == []


def test_an_inherited_ban_is_not_inherited_further(
    accounts: Accounts, store: Store, moment: Moment, links: Links, see: Callable[..., list[Any]]
) -> None:
    _ban(accounts, store)
    see("old", payment="p")
    (first,) = see("new", payment="p", phone="+15550100199")
    links.confirm(first.id, **WHO)
    (second,) = see("third", phone="+15550100199")
    assert links.confirm(second.id, **WHO) == []
    assert _standing(accounts, moment, "third") == []
    assert links.around("third") == {"new": 1, "old": 2}


def test_accounts_of_different_tenants_never_meet(
    accounts: Accounts, store: Store, links: Links, keys: TokenKeys
) -> None:
    _ban(accounts, store)
    tokens = keys.tokens("payment", "p")
    links.observe("old", tokens, tenant="one")
    assert links.observe("new", tokens, tenant="two") == []
    assert links.observe("third", tokens) == []
    (link,) = links.observe("fourth", tokens, tenant="one")
    assert (link.accounts, link.evidence[0].sharers) == (("fourth", "old"), 2)
    with pytest.raises(LinkError, match="another tenant"):
        links.observe("old", tokens, tenant="two")


def test_a_rejected_link_is_not_suggested_again(
    accounts: Accounts, store: Store, links: Links, see: Callable[..., list[Any]]
) -> None:
    _ban(accounts, store)
    see("old", payment="p")
    (link,) = see("new", payment="p")
    links.reject(link.id, **WHO)
    assert see("new", payment="p", phone="+15550100199") == []
    assert [each.id for each in links.links(LinkState.REJECTED, "new")] == [link.id]


def test_overturning_the_ban_takes_back_what_was_inherited_and_purges_tokens_and_links(
    accounts: Accounts, store: Store, moment: Moment, links: Links, see: Callable[..., list[Any]], events: Any
) -> None:
    decision = _ban(accounts, store)
    see("old", payment="p", phone="+15550100199")
    (link,) = see("new", payment="p")
    (other,) = see("third", phone="+15550100199")
    (inherited,) = links.confirm(link.id, **WHO)
    own = accounts.restrict("new", RestrictionKind.SUSPEND, **WHO)
    accounts.void(decision, person="bob", reason="appeal upheld")
    assert _standing(accounts, moment, "old") == []
    assert [each.id for each in accounts.show("new").holding(to_iso(moment()))] == [own.id]
    assert accounts.show("new").lifts[inherited.id].person == "bob"
    assert {links.get(each.id).state for each in (link, other)} == {LinkState.PURGED}
    with store.read() as connection:
        left = connection.execute(select(tables.link_token.c.account).distinct()).scalars().all()
    assert sorted(left) == ["new", "third"]
    assert len(events("link.purged")) == 2
    assert [accounts.verify(name) for name in ("old", "new")] == [2, 3]


def test_tokens_and_suggestions_expire(
    accounts: Accounts, store: Store, moment: Moment, links: Links, see: Callable[..., list[Any]]
) -> None:
    _ban(accounts, store)
    see("old", first_party_id="cookie", payment="p")
    moment.pass_by(days=184)
    assert see("new", first_party_id="cookie") == []
    see("new", payment="p")
    assert links.sweep() == (1, 0)
    moment.pass_by(days=91)
    assert links.sweep() == (0, 1)
    assert links.links() == []


def test_the_ledger_and_the_database_hold_no_identifier(
    accounts: Accounts, store: Store, links: Links, see: Callable[..., list[Any]], events: Any
) -> None:
    _ban(accounts, store)
    see("old", email="zorblax@host.example")
    (link,) = see("new", email="ZORBLAX@HOST.EXAMPLE")
    links.confirm(link.id, **WHO)
    (suggested,), (confirmed,) = events("link.suggested"), events("link.confirmed")
    assert suggested["kinds"] == ["email"]
    assert sorted(suggested["accounts"]) == sorted(accounts.pseudonym(each) for each in ("new", "old"))
    assert confirmed["person"] == "ada"
    with store.read() as connection:
        for table in (tables.link_token, tables.account_link, tables.ledger_event, tables.outbox, tables.account_fact):
            for row in connection.execute(select(table)):
                assert "zorblax" not in str(tuple(row)).lower()
    assert "zorblax" not in repr(links.keys.tokens("email", "zorblax@host.example"))


def test_a_host_that_has_the_key_computes_the_same_tokens(keys: TokenKeys) -> None:
    (token,) = keys.tokens("email", " Some.Body@Host.Example ")
    mac = hmac.new(keys.key("email", 1), b"some.body@host.example", hashlib.sha256).hexdigest()
    assert (token.epoch, token.value) == (1, mac[:32])
    assert token_of(keys.key("email", 1), "some.body@host.example") == token.value
    assert Token.parse("email", f"1:{mac[:32]}") == token
    assert keys.key("email", 1) != keys.key("phone", 1)
    for bad in ("", "1", "1:xyz", f"1:{mac}", f"12345:{mac[:32]}"):
        with pytest.raises(LinkError):
            Token.parse("email", bad)


def test_while_keys_are_rotated_old_and_new_accounts_still_meet(
    accounts: Accounts, store: Store, links: Links, keys: TokenKeys, see: Callable[..., list[Any]]
) -> None:
    _ban(accounts, store)
    see("old", payment="p")
    assert keys.rotate() == 2
    assert {token.epoch for token in keys.tokens("payment", "p")} == {1, 2}
    (link,) = see("new", payment="p")
    assert link.score == 0.9
    assert links.retire(1) == 2
    assert keys.epochs() == [2]
    with pytest.raises(LinkError, match="newest"):
        links.retire(2)
    with pytest.raises(LinkError, match="no key"):
        links.observe("new", [Token("payment", 1, "a" * 32)])
    assert links.explain("new", "old") == ()


def test_a_key_that_others_can_read_is_refused(keys: TokenKeys, tmp_path: Path) -> None:
    keys.epochs()
    (tmp_path / "keys" / "links" / "epoch-0001.key").chmod(0o640)
    with pytest.raises(SecretUnusable, match="by others"):
        keys.tokens("payment", "p")


@pytest.mark.parametrize(
    ("kind", "value", "canonical"),
    [
        ("email", "A.B+shop@GMAIL.com", "ab@gmail.com"),
        ("email", "a.b+shop@host.example", "a.b+shop@host.example"),
        ("email", "a.b+shop@outlook.com", "a.b@outlook.com"),
        ("email", "a@B\u00fccher.example.", "a@xn--bcher-kva.example"),
        ("phone", "+49 (0)", None),
        ("phone", "0049 123 456789", None),
        ("phone", "+49-123/456 789", "+49123456789"),
        ("network", "192.0.2.77", "192.0.2.0/24"),
        ("network", "::ffff:192.0.2.77", "192.0.2.0/24"),
        ("network", "2001:db8:1:2::3", "2001:db8:1::/48"),
        ("network", "192.0.2", None),
        ("reference_digest", "A" * 64, "a" * 64),
        ("reference_digest", "A" * 63, None),
        ("payment", "  Fp_1 ", "Fp_1"),
        ("payment", "   ", None),
        ("payment", "x" * 513, None),
        ("email", "nobody", None),
        ("email", "+x@gmail.com", None),
        ("email", "a b@host.example", None),
    ],
)
def test_values_have_one_form_or_none(kind: str, value: str, canonical: str | None) -> None:
    form = shipped_kinds().get(kind).canonical
    if canonical is not None:
        assert form(value) == canonical == form(canonical)
        return
    with pytest.raises(LinkError) as error:
        form(value)
    assert not value.strip() or value.strip() not in str(error.value)


@given(kind=st.sampled_from(sorted(shipped_kinds().kinds)), value=st.text(max_size=60))
def test_a_form_of_a_form_is_the_form(kind: str, value: str) -> None:
    form = shipped_kinds().get(kind).canonical
    try:
        once = form(value)
    except LinkError:
        return
    assert form(once) == once


@given(sharers=st.integers(2, 100), fan_out=st.integers(2, 50))
def test_rarity_falls_with_every_sharer(sharers: int, fan_out: int) -> None:
    assert 0 <= rarity(sharers + 1, fan_out) <= rarity(sharers, fan_out) <= 1
    assert rarity(2, fan_out) == 1
    assert rarity(fan_out + 1, fan_out) == 0


def test_of_several_tokens_of_a_kind_the_rarest_counts() -> None:
    kinds = shipped_kinds()
    network = kinds.get("network")
    (found,) = evidence([(network, 3), (network, 2), (network, 11)], kinds)
    assert (found.sharers, found.rarity) == (2, 1.0)


def test_no_kind_is_a_fingerprint_that_devices_give_away() -> None:
    assert sorted(shipped_kinds().kinds) == [
        "api_key_lineage",
        "attested_device",
        "email",
        "first_party_id",
        "invited_by",
        "network",
        "payment",
        "phone",
        "reference_digest",
    ]


def test_what_makes_no_sense_is_refused(links: Links, keys: TokenKeys) -> None:
    with pytest.raises(LinkError, match="there is no kind"):
        keys.tokens("shoe_size", "44")
    with pytest.raises(LinkError, match="1 to 100"):
        links.observe("a", [])
    for call in (links.get, lambda each: links.confirm(each, **WHO)):
        with pytest.raises(NotFound):
            call("0" * 32)
    with pytest.raises(UsageError, match="must be named"):
        links.confirm("0" * 32, person="", reason="r")
    with pytest.raises(UsageError):
        links.around("a", 9)
    for data in (b"", b"[]", b"kinds: {x: {}}", b"{", b"kinds: 7"):
        with pytest.raises(LinkError):
            read_kinds(data)
