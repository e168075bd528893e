"""The reports of an installation, and what calls its authorities."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from seawall.cases import Cases, load_review_policy
from seawall.ledger import KeyFile, Ledger, open_store
from seawall.maintain.authorities.credentials import read_credentials
from seawall.maintain.authorities.ncmec.client import ReportingApi
from seawall.maintain.authorities.ncmec.environment import EnvironmentName
from seawall.maintain.authorities.options import load_options
from seawall.maintain.authorities.reports import Reports
from seawall.maintain.authorities.reports.filer import Connect
from seawall.maintain.authorities.switch import ProductionSwitch
from seawall.settings import Settings
from seawall.store import Store
from seawall.vault import Vault, key_provider
from seawall.vault.retention import Retention
from seawall.vault.viewing import ViewingRecord

_REVIEW_POLICY = "review.yaml"


def make_reports(
    settings: Settings,
    store: Store,
    ledger: Ledger,
    cases: Cases,
    vault: Vault,
    viewing: ViewingRecord,
    retention: Retention,
) -> Reports:
    """Return the reports of an installation.

    Raises:
        AuthoritiesInvalid: If `HOME/authorities.yaml` cannot be used.
    """
    return Reports(store, ledger, cases, vault, viewing, retention, load_options(settings.home))


@contextmanager
def open_reports(settings: Settings) -> Iterator[Reports]:
    """Open the reports of an installation, without what gives out tasks and makes pictures.

    Raises:
        SeawallError: If something that is configured cannot be used.
    """
    with open_store(settings) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        policy = settings.home / _REVIEW_POLICY
        cases = Cases(store, ledger, load_review_policy(policy if policy.exists() else None))
        vault = Vault(store, ledger, key_provider(settings), settings.home / "vault")
        yield make_reports(
            settings, store, ledger, cases, vault, ViewingRecord(store, ledger), Retention(store, ledger)
        )
        ledger.append_pending()


def connector(settings: Settings, reports: Reports) -> Connect:
    """Return what calls the environments of NCMEC as far as the operator lets it.

    Nothing is sent where an environment is not named in the settings, or has no credentials; production also needs two
    people.
    """

    def connect(name: EnvironmentName) -> ReportingApi | None:
        options = reports.options.ncmec
        if not options.sends(name):
            return None
        credentials = read_credentials(settings, "ncmec", name)
        allowed = name is not EnvironmentName.PRODUCTION or ProductionSwitch(reports.store, reports.ledger).on
        if credentials is None or not allowed:
            return None
        return ReportingApi(options.place(name, production_allowed=allowed), credentials)

    return connect
