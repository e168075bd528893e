"""Appeals: six months to ask that somebody else looks at a decision again, and all of it taken back if it was wrong."""

from seawall.maintain.appeals.book import Appeals, NoticeBook
from seawall.maintain.appeals.errors import (
    AppealError,
    AppealExists,
    AppealInvalid,
    AppealOptionsInvalid,
    NothingToAppeal,
    SamePerson,
    Superseded,
    UnknownReceipt,
    WindowClosed,
)
from seawall.maintain.appeals.figures import Figures
from seawall.maintain.appeals.hook import AppealHook
from seawall.maintain.appeals.installation import make_appeals
from seawall.maintain.appeals.model import Appeal, AppealState, Ground, Party, Result, Standing
from seawall.maintain.appeals.options import FILE, AppealOptions, default_options, load_options
from seawall.maintain.appeals.window import months_later, window_end
from seawall.maintain.appeals.wording import on_appeal, on_standing, result_texts
from seawall.maintain.appeals.words import MOST_WORDS

__all__ = [
    "FILE",
    "MOST_WORDS",
    "Appeal",
    "AppealError",
    "AppealExists",
    "AppealHook",
    "AppealInvalid",
    "AppealOptions",
    "AppealOptionsInvalid",
    "AppealState",
    "Appeals",
    "Figures",
    "Ground",
    "NothingToAppeal",
    "NoticeBook",
    "Party",
    "Result",
    "SamePerson",
    "Standing",
    "Superseded",
    "UnknownReceipt",
    "WindowClosed",
    "default_options",
    "load_options",
    "make_appeals",
    "months_later",
    "on_appeal",
    "on_standing",
    "result_texts",
    "window_end",
]
