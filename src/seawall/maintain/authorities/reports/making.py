"""Making the documents of a report from records: the same records make the same documents, byte for byte."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seawall.maintain.authorities.drafting import CaseFacts, Gathering, ItemFacts, NothingReportable, draft_documents
from seawall.maintain.authorities.drafting.documents import informational
from seawall.maintain.authorities.ncmec.fault import errors
from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.package import Package, read_package
from seawall.maintain.authorities.ncmec.rendering import to_json
from seawall.maintain.authorities.ncmec.schema import Schema
from seawall.maintain.authorities.options import NcmecOptions
from seawall.maintain.authorities.reports._rows import Row
from seawall.maintain.authorities.reports.model import WORDS
from seawall.store.tables import report_item

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.store import Store
    from seawall.vault import Vault

PURPOSE = "report"
PERSON = "reports"
_READING = "reading a report back"


@dataclass(frozen=True, slots=True)
class Made:
    """Documents, and what is told about them.

    Attributes:
        facts: What they are made of.
        package: The documents.
        sent: The items of which a file is sent, in order.
        digest: Of the documents as they are sent.
        faults: How many things are wrong.
        documents: The vault object that keeps them.
    """

    facts: CaseFacts
    package: Package
    sent: tuple[ItemFacts, ...]
    digest: str
    faults: int
    documents: str = ""

    @property
    def data(self) -> bytes:
        """The documents as JSON."""
        roots = self.package.schema.roots
        said = {
            "profile": self.package.schema.profile,
            "report": to_json(self.package.report, roots["report"].type),
            "files": [to_json(each, roots["fileDetails"].type) for each in self.package.files],
        }
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def plain(self) -> bool:
        """Whether policy alone may approve it: right, complete enough, exact matches that nobody viewed, no danger."""
        said = self.package.completeness()
        exact = self.facts.exact and not self.facts.viewed
        return exact and not (self.faults or said.low or self.facts.imminent)

    @property
    def essence(self) -> str:
        """A digest of what the documents say but for notes: two that differ in it do not say the same."""
        return essence_of(self.package)

    def columns(self) -> dict[str, Any]:
        """Return what a row tells of it."""
        return {
            "documents": self.documents,
            "digest": self.digest,
            "faults": self.faults,
            "score": self.package.completeness().score,
            "informational": informational(self.facts),
            "imminent": self.facts.imminent,
            "escalated": bool(self.facts.answers.get("escalate")),
            "viewed": self.facts.viewed,
            "event_class": self.facts.event_class.value,
            "key": key_of(self.facts),
        }


class Maker:
    """Makes documents of records, and reads back those that were made.

    Args:
        store: The database.
        vault: Keeps documents.
        gathering: Reads what is on record.
        options: Who reports, and how.
        schema: Of the profile that holds.
    """

    def __init__(self, store: Store, vault: Vault, gathering: Gathering, options: NcmecOptions, schema: Schema) -> None:
        self._store = store
        self._vault = vault
        self._gathering = gathering
        self._options = options
        self.schema = schema

    def make(
        self,
        case_id: str,
        *,
        prior: Sequence[str],
        answers: Mapping[str, str],
        without: Collection[str] = (),
    ) -> Made:
        """Make the documents of a report, and keep them in the vault; the same ones are kept once.

        Args:
            case_id: The case.
            prior: Ids of earlier reports of the account.
            answers: What people confirmed; words by the id of the object that keeps them.
            without: Ids of items that were reported before.

        Raises:
            NothingReportable: If nothing of the case can be reported.
        """
        facts = self.facts(case_id, prior=prior, answers=answers)
        left = tuple(each for each in facts.items if each.item.id not in without)
        if not left:
            raise NothingReportable("everything of this case that can be reported is in a report already")
        facts = replace(facts, items=left)
        package, sent = draft_documents(facts, self._options, self.schema)
        faults = errors(package.faults(self._store.clock()))
        digest = "" if faults else package.preview().digest
        if faults:
            # What cannot be sent has no bytes to be bound to; its digest is of what was to be written.
            digest = hashlib.sha256(repr((package.report, package.files)).encode()).hexdigest()
        made = Made(facts, package, sent, digest, len(faults))
        kept = self._vault.put(
            io.BytesIO(made.data),
            purpose=PURPOSE,
            person=PERSON,
            case=case_id,
            key=f"report/{case_id}/{made.digest}",
            media_type="application/json",
        )
        return replace(made, documents=kept.id)

    def facts(self, case_id: str, *, answers: Mapping[str, str], prior: Sequence[str] = ()) -> CaseFacts:
        """Return what is on record of a case, with what people answered; see `make`.

        Raises:
            NothingReportable: If nothing of the case can be reported.
        """
        said = {name: self._words(value, case_id) if name in WORDS else value for name, value in answers.items()}
        said = {name: value for name, value in said.items() if name not in WORDS or value.casefold() != "no"}
        return self._gathering.facts(case_id, prior=prior, answers=said)

    def write_items(self, connection: Connection, made: Made, report_id: str, edition: int) -> None:
        """Write down which items an edition is about, and which files are sent."""
        places = {each.item.id: place for place, each in enumerate(made.sent)}
        rows = [
            {
                "report_id": report_id,
                "edition": edition,
                "number": number,
                "item_id": each.item.id,
                "file": places.get(each.item.id),
                "object": each.kept.id if each.kept is not None else None,
                "sha256": each.kept.sha256 if each.kept is not None else None,
                "size": each.kept.size if each.kept is not None else None,
            }
            for number, each in enumerate(made.facts.items)
        ]
        connection.execute(report_item.insert(), rows)

    def read(self, row: Row, *, person: str = PERSON, purpose: str = _READING) -> Package:
        """Return the documents of a report as they were made; that they were opened is recorded."""
        with self._vault.open(row["documents"], person=person, purpose=purpose, case=row["case_id"]) as stream:
            said = json.loads(stream.read())
        return read_package({"report": said["report"], "files": said["files"]}, self.schema)

    def _words(self, object_id: str, case_id: str) -> str:
        with self._vault.open(object_id, person=PERSON, purpose="drafting a report", case=case_id) as stream:
            return stream.read().decode("utf-8", "replace")


def essence_of(package: Package) -> str:
    """Return the digest of what documents say but for notes."""
    said = [list(_said(each, "")) for each in (package.report, *package.files)]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def _said(node: Node, path: str) -> Iterator[Any]:
    if node.name == "additionalInfo":
        return
    place = f"{path}/{node.name}"
    yield [place, node.text, sorted(node.attributes.items())]
    for child in node.children:
        yield from _said(child, place)


def key_of(facts: CaseFacts) -> str:
    """Return the digest of what a report is about: whose it is, the evidence, and the class of the event."""
    evidence = sorted(each.item.sha256 or f"item {each.item.key}" for each in facts.items)
    said = json.dumps([facts.subject_key, facts.event_class.value, evidence])
    return hashlib.sha256(f"seawall/report/1\0{said}".encode()).hexdigest()
