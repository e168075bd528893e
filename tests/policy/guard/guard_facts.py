"""Facts and policies for tests: drawn from the vocabulary that policies know, with nonsense in place of words."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from seawall.policy import Evidence
from seawall.policy.classes import CSEM
from seawall.policy.guard import AgeSignal, CheckKind, Facts, Look, State
from seawall.policy.separation import Partition

patient = settings(deadline=None, max_examples=80)
"""A machine that is busy must not fail a test."""

FAILURES = ("failed", "timed_out", "unexamined", "damaged")
PARTS = ("prompt", "negative_prompt", "system", "history.0", "history.1", "attachment.0", "file", "text", "row.17")
LABELS = (*CSEM, "csem.zorblax", "edit.zorblax", "quux")

scores = st.sampled_from([0.0, 0.1, 0.49, 0.5, 0.51, 0.9, 1.0])
matches = st.builds(
    Evidence,
    purpose=st.sampled_from(["csam", "exploitative", "ncii_adult", "benign", "canary", "source", "zorblax"]),
    list=st.sampled_from(["first", "second"]),
    type=st.sampled_from(["pdq", "sha256"]),
    distance=st.none() | st.integers(0, 31),
    exact=st.booleans(),
    labels=st.lists(st.sampled_from(["NEGATIVE_CLASS", "zorblax"]), max_size=2).map(tuple),
)
looks = st.builds(
    Look,
    matches=st.lists(matches, max_size=3).map(tuple),
    partition=st.sampled_from(Partition),
    parts=st.dictionaries(st.sampled_from(PARTS), st.sampled_from(Partition), max_size=3),
    scores=st.dictionaries(st.sampled_from(LABELS), scores, max_size=3),
    part_scores=st.dictionaries(
        st.sampled_from(PARTS), st.dictionaries(st.sampled_from(LABELS), scores, max_size=2), max_size=2
    ),
)
standings = st.frozensets(
    st.sampled_from(["banned", "suspended", "cooldown", "feature_off:image", "feature_off:input"])
)
paces = st.frozensets(st.sampled_from(["rate:minute", "rate:day", "probing"]))
states = st.frozensets(st.sampled_from(State), max_size=2)
facts = st.builds(
    Facts,
    kind=st.sampled_from(CheckKind),
    surface=st.sampled_from([None, "chat", "image"]),
    jurisdiction=st.sampled_from([None, "EU", "FR", "US"]),
    age_signal=st.sampled_from(AgeSignal),
    model=st.sampled_from([None, "zorblax-1"]),
    standing=standings,
    pace=paces,
    states=states,
    real=looks,
    rehearsed=st.none() | looks,
)

_leaf: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"kind": st.sampled_from([kind.value for kind in CheckKind])}),
    st.fixed_dictionaries({"age_signal": st.sampled_from([signal.value for signal in AgeSignal])}),
    st.fixed_dictionaries(
        {"partition": st.lists(st.sampled_from([p.value for p in Partition]), min_size=1, unique=True)}
    ),
    st.fixed_dictionaries({"state": st.sampled_from([state.value for state in State])}),
    st.fixed_dictionaries({"standing": st.sampled_from(["banned", "feature_off:*"])}),
    st.fixed_dictionaries({"pace": st.sampled_from(["probing", "rate:*"])}),
    st.fixed_dictionaries({"surface": st.sampled_from(["chat", "im*"])}),
    st.just({"feature_off": True}),
    st.fixed_dictionaries(
        {
            "match": st.fixed_dictionaries(
                {},
                optional={
                    "purpose": st.sampled_from(["csam", "ncii_adult", "canary"]),
                    "label": st.just("zorblax"),
                    "max_distance": st.integers(0, 31),
                    "exact": st.booleans(),
                },
            )
        }
    ),
    st.fixed_dictionaries(
        {"score": st.fixed_dictionaries({"class": st.sampled_from(["csem.*", "quux"]), "at_least": st.just(0.5)})}
    ),
    st.fixed_dictionaries(
        {
            "part_partition": st.fixed_dictionaries(
                {"part": st.sampled_from(["attachment.*", "file"])}, optional={"partition": st.just("child_depiction")}
            )
        }
    ),
)
conditions = st.recursive(
    _leaf | st.just({}),
    lambda inner: (
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"not": inner})
    ),
    max_leaves=6,
)
_stopping = st.sampled_from(["review", "block"])
_by_kind = st.fixed_dictionaries({kind.value: _stopping for kind in CheckKind})
written_policies = st.fixed_dictionaries(
    {
        "guard": st.just("drawn"),
        "version": st.integers(1, 9),
        "rules": st.lists(
            st.fixed_dictionaries(
                {"when": conditions, "action": st.sampled_from(["allow", "warn", "review", "block"])},
                optional={"category": st.just("zorblax"), "strike": st.just("attempt"), "evidence": st.just(True)},
            ),
            max_size=5,
        ).map(lambda rules: [{"id": f"rule-{place}"} | rule for place, rule in enumerate(rules)]),
        "states": st.fixed_dictionaries(
            {state: _stopping | _by_kind for state in FAILURES}
            | dict.fromkeys(("abstained", "uncovered"), st.sampled_from(["allow", "review", "block"]))
        ),
        "benign_bank_softens": _stopping,
        "negative_prompt": st.sampled_from(["joined", "alone"]),
    }
).map(json.dumps)
"""JSON texts, which are YAML; some are refused."""

MINIMAL = """
guard: small
version: 1
rules: []
states: {failed: block, timed_out: block, unexamined: block, damaged: block, abstained: review, uncovered: allow}
"""


def small(rules: str = "[]", *, extra: str = "", version: int = 1, name: str = "small") -> str:
    """Return a small policy with these rules."""
    text = MINIMAL.replace("rules: []", f"rules: {rules}").replace("version: 1", f"version: {version}")
    return text.replace("guard: small", f"guard: {name}") + extra
