"""Metrics: counts and durations by route, action and checker; never an account, a value or a word of content.

Every label comes from a closed set of ours. With several workers, `prometheus_client` adds their files up.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from seawall.deploy.guard.requests import CheckReply

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class Instruments:
    """The metrics of one process."""

    def __init__(self) -> None:
        self._many = DIRECTORY in os.environ
        self.registry = CollectorRegistry()
        registry = self.registry
        self._requests = Counter(
            "seawall_http_requests", "Requests by route and status.", ["method", "route", "status"], registry=registry
        )
        self._latency = Histogram(
            "seawall_check_seconds", "Seconds that checks took.", ["kind"], buckets=_SECONDS, registry=registry
        )
        self._decisions = Counter(
            "seawall_decisions",
            "Decisions by kind of check and action.",
            ["kind", "action", "drill"],
            registry=registry,
        )
        self._checkers = Counter(
            "seawall_checker_status", "How checkers did.", ["checker", "status"], registry=registry
        )
        self._under_way = Gauge(
            "seawall_checks_under_way", "Checks that wait or run.", registry=registry, multiprocess_mode="livesum"
        )
        self._lists_age = Gauge(
            "seawall_lists_age_seconds",
            "Seconds since the hash lists were last looked at.",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._memory = Gauge(
            "seawall_upload_bytes", "Bytes of uploads under way.", registry=registry, multiprocess_mode="livesum"
        )
        self._running = 0
        self._timers: dict[str, Histogram] = {}
        self._children: dict[tuple[str, ...], Counter] = {}
        self._gauges: list[Callable[[], None]] = []

    def request(self, method: str, route: str, status: int) -> None:
        """Count a request."""
        key = (known_method(method), route, str(status))
        self._child(self._requests, key).inc()

    def checked(self, kind: str, reply: CheckReply) -> None:
        """Count a decision, and how its checkers did."""
        self._child(self._decisions, (kind, reply.action.value, "true" if reply.drill else "false")).inc()
        for check in reply.checks:
            self._child(self._checkers, (_family(check.name), check.status)).inc()

    def took(self, kind: str, seconds: float) -> None:
        """Note how long a check took."""
        timer = self._timers.get(kind)
        if timer is None:
            timer = self._timers[kind] = self._latency.labels(kind)
        timer.observe(seconds)

    def begun(self, number: int = 1) -> None:
        """Count checks that begin."""
        self._running += number

    def ended(self, number: int = 1) -> None:
        """Count checks that end."""
        self._running -= number

    def watch(self, lists_age: Callable[[], float], upload_bytes: Callable[[], int]) -> None:
        """Name where gauges are read."""
        self._gauges = [
            lambda: self._lists_age.set(round(lists_age(), 3)),
            lambda: self._memory.set(upload_bytes()),
        ]

    def sample(self) -> None:
        """Read the gauges."""
        self._under_way.set(self._running)
        for gauge in self._gauges:
            gauge()

    def text(self) -> bytes:
        """Return all metrics, of every worker, in Prometheus' text format."""
        self.sample()
        if not self._many:
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def _child(self, metric: Counter, key: tuple[str, ...]) -> Counter:
        name = (metric._name, *key)
        child = self._children.get(name)
        if child is None:
            child = self._children[name] = metric.labels(*key)
        return child


def known_method(method: str) -> str:
    """Return an HTTP method as labels and logs may show it: one of the usual ones, or `other`."""
    return method if method in _METHODS else "other"


def _family(checker: str) -> str:
    """Return the name of a checker without the part of the request that it looked at, such as `#attachment.3`."""
    return checker.partition("#")[0][:64]
