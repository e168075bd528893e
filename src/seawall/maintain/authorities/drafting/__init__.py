"""Drafting a report: what is on record of a case becomes the documents that an authority takes. Nothing is typed in."""

from seawall.maintain.authorities.drafting.documents import FILE_ID, REPORT_ID, draft_documents
from seawall.maintain.authorities.drafting.errors import NothingReportable
from seawall.maintain.authorities.drafting.gathering import Gathering
from seawall.maintain.authorities.drafting.model import CaseFacts, ItemFacts, ReportClass

__all__ = [
    "FILE_ID",
    "REPORT_ID",
    "CaseFacts",
    "Gathering",
    "ItemFacts",
    "NothingReportable",
    "ReportClass",
    "draft_documents",
]
