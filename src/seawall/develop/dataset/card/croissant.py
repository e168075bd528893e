"""Croissant metadata of a separated or cleaned dataset: its table of items, with what was done for child safety.

Source: mlcommons.org/croissant, version 1.0, and its RAI vocabulary.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from seawall.errors import UsageError

from .huggingface import DatasetNames
from .safety import SafetyFacts

_TABLES = {"separate": "partitions.parquet", "scan": "manifest.parquet"}
_FIELDS = {
    "item": ("sc:Text", "Key of the item in the dataset."),
    "sha256": ("sc:Text", "SHA-256 of its bytes."),
    "size": ("sc:Integer", "Length in bytes."),
    "medium": ("sc:Text", "Kind of content."),
    "partition": ("sc:Text", "The side on which the separation put it."),
}
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(directory: Path, facts: SafetyFacts, names: DatasetNames) -> dict[str, Any]:
    """Return the metadata as JSON-LD.

    Args:
        directory: Output directory of the run; addresses in the metadata are relative to it.
        facts: What the ledger says of the run.
        names: What the ledger cannot know; licence and url are needed.

    Raises:
        UsageError: If the licence or the address of the dataset is not given.
    """
    if names.licence is None or names.url is None:
        raise UsageError("Croissant states a licence and an address", hint="give --licence and --url")
    table = _TABLES[facts.kind]
    with (directory / table).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    columns = [name for name in _FIELDS if name in _columns(directory / table)]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": names.name,
        "description": names.description or f"{names.name}, with its child-safety record",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": names.licence,
        "url": names.url,
        "version": "1.0.0",
        "datePublished": facts.at[:10],
        "citeAs": names.url,
        "rai:dataPreprocessingProtocol": [_done(facts)],
        "rai:dataLimitations": [_open(facts)],
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": table,
                "name": table,
                "contentUrl": table,
                "encodingFormat": "application/x-parquet",
                "sha256": digest,
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "items",
                "name": "items",
                "description": "The items, without their content.",
                "field": [_field(table, name) for name in columns],
            }
        ],
    }


def _field(table: str, name: str) -> dict[str, Any]:
    kind, description = _FIELDS[name]
    return {
        "@type": "cr:Field",
        "@id": f"items/{name}",
        "name": name,
        "description": description,
        "dataType": kind,
        "source": {"fileObject": {"@id": table}, "extract": {"column": name}},
    }


def _columns(path: Path) -> set[str]:
    import pyarrow.parquet as pq

    return set(pq.read_schema(path).names)


def _done(facts: SafetyFacts) -> str:
    closed = facts.closed
    lists = ", ".join(f"{each['name']} version {each['version']}" for each in facts.real_lists) or "none"
    said = f"Child safety: {closed['items']:,} items matched against lists of known content ({lists})"
    if facts.kind == "separate":
        parts = ", ".join(f"{name} {number:,}" for name, number in closed["partitions"].items())
        said += f", then placed by detectors and a joint rule: {parts}"
    return f"{said}. Ledger event {facts.event}, key {facts.key_id}."


def _open(facts: SafetyFacts) -> str:
    if facts.kind == "scan":
        return "Child safety: matching finds what lists know, and nothing else."
    if facts.leakage is None:
        return "Child safety: how much the detectors miss is not known; no sample was audited by people."
    upper, confidence = facts.leakage["rate_upper"], facts.leakage["confidence"]
    sides = " and ".join(facts.leakage["partitions"])
    return f"Child safety: at most {upper:.2%} of the items in {sides} leaked, at {confidence:.0%} confidence."
