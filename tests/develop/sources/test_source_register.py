"""Rules: what they match, which one decides, and how they are spelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.content.origin import Origin
from seawall.develop.sources import Action, Kind, Registers, Rule, SourceRegister, Terms, Verdict
from seawall.develop.sources.normal import normal_domain, normal_host, normal_name, normal_url
from seawall.develop.sources.register import readable

_NORMAL = {Kind.DOMAIN: normal_domain, Kind.URL: normal_url, Kind.COLLECTION: normal_name, Kind.DATASET: normal_name}


def _register(*rules: tuple[str, str, str], name: str = "r", version: str = "1") -> SourceRegister:
    def one(action: str, kind: str, value: str) -> Rule:
        terms = Terms(Action(action), Kind(kind), "An Expert", version, "known risk")
        return Rule(terms, _NORMAL[Kind(kind)](value))

    return SourceRegister.of(name, [one(*rule) for rule in rules])


def _denied(register: SourceRegister, **origin: str) -> bool | None:
    verdict = register.check(Origin(**origin))  # type: ignore[arg-type]
    return None if verdict is None else verdict.denied


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a.jpg",
        "http://EXAMPLE.com",
        "https://www.example.com:8443/x?y#z",
        "https://user:pass@cdn.example.com./x",
        "//img.example.com/x",
        "example.com/x",
        "ftp://example.com/x",
        "https://ex%61mple.com/",
        "https://example\u3002com/x",
        "https://ｅｘａｍｐｌｅ.com/x",
        "https://exam\u00adple.com/",
        "https:\\\\example.com\\x",
        "https://example.com\\@good.org/x",
        " https://example.com/x ",
        "https://exam\nple.com/x",
    ],
)
def test_a_domain_is_known_however_it_is_written(url: str) -> None:
    assert _denied(_register(("deny", "domain", "Example.COM.")), url=url) is True


@pytest.mark.parametrize(
    "url",
    [
        "https://notexample.com/",
        "https://example.com.evil.org/",
        "https://example.org/?u=https://example.com/",
        "https://example.com@other.org/",
        "https://com/",
        "https://other.org/example.com",
        "https://other.org/#example.com",
    ],
)
def test_labels_are_whole(url: str) -> None:
    assert _denied(_register(("deny", "domain", "example.com")), url=url) is None


@pytest.mark.parametrize(
    ("rule", "url"),
    [
        ("münchen.example", "https://xn--mnchen-3ya.example/"),
        ("xn--mnchen-3ya.example", "https://MÜNCHEN.example/"),
        ("straße.example", "https://xn--strae-oqa.example/"),
        ("https://www.example.com/path", "https://www.example.com/other"),
        ("*.example.com", "https://a.example.com/"),
        (".example.com", "https://a.example.com/"),
        ("example.com:8080", "https://example.com/"),
        ("192.0.2.7", "http://192.0.2.7:80/x"),
        ("[2001:db8::1]", "http://[2001:DB8:0::1]/x"),
        ("under_score.example.com", "http://under_score.example.com/"),
    ],
)
def test_rules_are_normalised_too(rule: str, url: str) -> None:
    assert _denied(_register(("deny", "domain", rule)), url=url) is True


def test_german_sharp_s_is_not_another_domain() -> None:
    assert _denied(_register(("deny", "domain", "straße.example")), url="https://strasse.example/") is None


def test_an_address_is_not_a_domain_of_shorter_addresses() -> None:
    assert _denied(_register(("deny", "domain", "2.7")), url="http://192.0.2.7/") is None


@pytest.mark.parametrize(
    "url",
    [
        "https://e.org/a/b.jpg?x=1",
        "HTTP://E.ORG:80/a/b.jpg?x=1#frag",
        "https://user@e.org:443/a/b.jpg?x=1",
        "e.org/a/%62.jpg?x=1",
        "https://e.org/./a/c/../b.jpg?x=1",
    ],
)
def test_an_address_is_known_however_it_is_written(url: str) -> None:
    assert _denied(_register(("deny", "url", "https://e.org/a/b.jpg?x=1")), url=url) is True


@pytest.mark.parametrize(
    "url",
    [
        "https://e.org/a/B.jpg?x=1",
        "https://e.org/a/b.jpg",
        "https://e.org:8080/a/b.jpg?x=1",
        "https://x.e.org/a/b.jpg?x=1",
    ],
)
def test_another_address_is_another(url: str) -> None:
    assert _denied(_register(("deny", "url", "https://e.org/a/b.jpg?x=1")), url=url) is None


def test_percent_encodings_have_one_case() -> None:
    register = _register(("deny", "url", "https://e.org/%c3%a9?q=%2f"))
    assert _denied(register, url="https://e.org/é?q=%2F") is True
    assert _denied(register, url="https://e.org/é?q=/") is None


def test_datasets_and_collections_are_known_by_name() -> None:
    register = _register(("deny", "dataset", "LAION/laion2B-en"), ("deny", "collection", "Bad  Photos"))
    assert _denied(register, dataset="laion/LAION2B-EN") is True
    assert _denied(register, dataset="s3://bucket/mirror/laion/laion2B-en/") is True
    assert _denied(register, dataset="/data/laion/laion2B-en-aesthetic") is None
    assert _denied(register, collection="bad photos") is True
    assert _denied(register, collection="laion/laion2b-en", dataset="/data/mine") is True
    assert _denied(register) is None


def test_a_verdict_cites_rule_register_version_and_expert() -> None:
    verdict = _register(("deny", "domain", "example.com"), name="hosts", version="2024-05").check(
        Origin(url="https://a.example.com/x")
    )
    assert verdict == Verdict(True, "hosts", "2024-05", "deny domain example.com", "An Expert", "known risk")


def test_allow_beats_deny_only_when_it_is_more_specific() -> None:
    register = _register(
        ("deny", "domain", "example.com"),
        ("allow", "domain", "good.example.com"),
        ("deny", "domain", "bad.good.example.com"),
        ("allow", "url", "https://bad.good.example.com/fine.jpg"),
        ("allow", "domain", "com"),
        ("deny", "dataset", "d"),
    )
    assert _denied(register, url="https://example.com/") is True
    assert _denied(register, url="https://x.good.example.com/") is False
    assert _denied(register, url="https://bad.good.example.com/") is True
    assert _denied(register, url="https://bad.good.example.com/fine.jpg") is False
    assert _denied(register, dataset="d") is True
    assert _denied(register, dataset="d", url="https://nobody.org/") is True


def test_deny_wins_ties_within_and_between_registers() -> None:
    both = (("allow", "domain", "example.com"), ("deny", "domain", "example.com"))
    for rules in (both, both[::-1]):
        assert _denied(_register(*rules), url="https://example.com/") is True
    allow, deny = _register(both[0], name="ours"), _register(both[1], name="theirs")
    for order in ((allow, deny), (deny, allow)):
        verdict = Registers(order).check(Origin(url="https://example.com/"))
        assert verdict is not None
        assert (verdict.denied, verdict.register) == (True, "theirs")


@pytest.mark.parametrize("url", ["http://[::1", "http://", "http://a..b/", "http://e.org:99999/", "http://-x.org/", ""])
def test_an_address_that_cannot_be_understood_is_no_verdict_and_is_told(url: str) -> None:
    assert _denied(_register(("deny", "domain", "e.org")), url=url) is None
    assert not readable(Origin(url=url))
    assert readable(Origin())


def test_a_fingerprint_follows_the_rules() -> None:
    one, two = _register(("deny", "domain", "a.org")), _register(("deny", "domain", "b.org"))
    assert Registers((one,)).fingerprint() != Registers((two,)).fingerprint()
    assert Registers((one,)).fingerprint() == Registers((_register(("deny", "domain", "A.org")),)).fingerprint()
    assert Registers.none().fingerprint() != Registers((one,)).fingerprint()
    assert Registers.none().check(Origin(url="https://a.org")) is None


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    for normal in (normal_url, normal_domain, normal_host, normal_name):
        try:
            said = normal(text)
        except ValueError:
            continue
        said.encode()
        if normal is not normal_name:
            assert normal(said) == said


@given(st.text(max_size=80), st.text(max_size=30), st.text(max_size=30))
def test_checking_never_raises(url: str, collection: str, dataset: str) -> None:
    register = _register(("deny", "domain", "example.com"))
    register.check(Origin(url=url, collection=collection, dataset=dataset))
