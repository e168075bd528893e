"""Notices: what users, trusted flaggers and hotlines tell of, until it is decided and known to be gone."""

from __future__ import annotations

from seawall.deploy.notices.book import Notices
from seawall.deploy.notices.chores import NoticeChores
from seawall.deploy.notices.deciding import NoticeHook
from seawall.deploy.notices.errors import (
    EvidenceConflict,
    FlaggerProblem,
    HotlineFormat,
    NoticeInvalid,
    NotNoticed,
    Problem,
    ReporterSuspended,
    TooManyNotices,
    UnknownReceipt,
    WarnFirst,
)
from seawall.deploy.notices.evidence import EvidenceDesk
from seawall.deploy.notices.fetching import Resolver
from seawall.deploy.notices.figures import Figures, figures
from seawall.deploy.notices.flaggers import Flagger, FlaggerKind, Flaggers
from seawall.deploy.notices.installation import make_notices, make_resolver, notice_secret, open_notices
from seawall.deploy.notices.model import (
    Category,
    Contact,
    Lane,
    NewNotice,
    NoticeObject,
    NoticeOutcome,
    ObjectType,
    Receipt,
    Relation,
    Sender,
    Stage,
    Status,
    StoredNotice,
)
from seawall.deploy.notices.openings import CaseBook
from seawall.deploy.notices.options import FILE, NoticeOptions, load_options
from seawall.deploy.notices.reporters import Reporter, Reporters
from seawall.deploy.notices.wording import Told, emergency_words, on_receipt, on_status

__all__ = [
    "FILE",
    "CaseBook",
    "Category",
    "Contact",
    "EvidenceConflict",
    "EvidenceDesk",
    "Figures",
    "Flagger",
    "FlaggerKind",
    "FlaggerProblem",
    "Flaggers",
    "HotlineFormat",
    "Lane",
    "NewNotice",
    "NotNoticed",
    "NoticeChores",
    "NoticeHook",
    "NoticeInvalid",
    "NoticeObject",
    "NoticeOptions",
    "NoticeOutcome",
    "Notices",
    "ObjectType",
    "Problem",
    "Receipt",
    "Relation",
    "Reporter",
    "ReporterSuspended",
    "Reporters",
    "Resolver",
    "Sender",
    "Stage",
    "Status",
    "StoredNotice",
    "Told",
    "TooManyNotices",
    "UnknownReceipt",
    "WarnFirst",
    "emergency_words",
    "figures",
    "load_options",
    "make_notices",
    "make_resolver",
    "notice_secret",
    "on_receipt",
    "on_status",
    "open_notices",
]
