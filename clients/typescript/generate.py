"""Write src/types.ts from the OpenAPI document of `seawall serve`.

    python clients/typescript/generate.py [OPENAPI_JSON]

Without a file, the document is the one that this checkout's server would serve. Only what the client calls is written:
checks, decisions, and what readers of messages did. The same document always gives the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent / "src" / "types.ts"
WANTED = re.compile(
    r"/v1/(check/(input|upload|output|finetune|batch)|decisions/\{[a-z_]+\}|prevention/(clicks|choices))"
)

_HEAD = """// Generated from the OpenAPI document of `seawall serve` by generate.py. Do not edit.
"""
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_REF = "#/components/schemas/"
_SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def generate(document: Mapping[str, Any]) -> str:
    """Return the TypeScript for a document.

    Raises:
        KeyError: If a schema that is referred to is missing.
    """
    paths = {path: item for path, item in sorted(document["paths"].items()) if WANTED.fullmatch(path)}
    schemas = document.get("components", {}).get("schemas", {})
    needed = _reachable(paths, schemas)
    parts = [_HEAD]
    parts += [_declaration(name, schemas[name]) for name in sorted(needed)]
    parts.append(_operations(paths))
    return "\n".join(parts)


def _reachable(paths: Mapping[str, Any], schemas: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting = [name for item in paths.values() for name in _wanted_refs(item)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_refs(schemas[name]))
    return found


def _wanted_refs(item: Any) -> Iterator[str]:
    for operation in item.values():
        if isinstance(operation, dict):
            yield from _refs(operation.get("requestBody", {}))
            yield from _refs(operation.get("responses", {}).get("200", {}))


def _refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith(_REF):
            yield reference.removeprefix(_REF)
        for each in value.values():
            yield from _refs(each)
    elif isinstance(value, list):
        for each in value:
            yield from _refs(each)


def _declaration(name: str, schema: Mapping[str, Any]) -> str:
    comment = _comment(schema.get("description"), "")
    if "enum" in schema:
        values = ", ".join(json.dumps(value) for value in schema["enum"])
        constant = f"{_constant(name)}_VALUES"
        return (
            f"{comment}export type {_name(name)} = (typeof {constant})[number];\n\n"
            f"/** Every value of `{_name(name)}`, for checks at run time. */\n"
            f"export const {constant} = [{values}] as const;\n"
        )
    if schema.get("type") == "object" and "properties" in schema:
        return f"{comment}export interface {_name(name)} {_object(schema, '')}\n"
    return f"{comment}export type {_name(name)} = {_type(schema, '')};\n"


def _object(schema: Mapping[str, Any], indent: str) -> str:
    inner = indent + "  "
    required = set(schema.get("required", ()))
    lines = []
    for name, each in schema["properties"].items():
        mark = "" if name in required else "?"
        told = each.get("description") if isinstance(each, dict) else None
        lines.append(f"{_comment(told, inner)}{inner}{_key(name)}{mark}: {_type(each, inner)};")
    more = schema.get("additionalProperties")
    if isinstance(more, dict) or more is True:
        lines.append(f"{inner}[key: string]: unknown;")
    return "{\n" + "\n".join(lines) + f"\n{indent}}}" if lines else "Record<string, never>"


def _type(schema: Mapping[str, Any] | bool, indent: str) -> str:
    if isinstance(schema, bool) or not schema:
        return "unknown"
    if "$ref" in schema:
        return _name(schema["$ref"].removeprefix(_REF))
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    for key, joint in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
        if key in schema:
            return joint.join(dict.fromkeys(_type(each, indent) for each in schema[key]))
    return _plain_type(schema, indent)


def _plain_type(schema: Mapping[str, Any], indent: str) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(_type({**schema, "type": each}, indent) for each in kind)
    if kind == "array":
        inner = _type(schema.get("items", {}), indent)
        return f"({inner})[]" if " | " in inner or " & " in inner else f"{inner}[]"
    if kind == "object" and "properties" in schema:
        return _object(schema, indent)
    if kind == "object":
        return f"Record<string, {_type(schema.get('additionalProperties', {}), indent)}>"
    return _SIMPLE.get(str(kind), "unknown")


def _operations(paths: Mapping[str, Any]) -> str:
    lines = ["/** What is sent to each address, and what comes back. */", "export interface Operations {"]
    for path, item in paths.items():
        for method, operation in sorted(item.items()):
            if not isinstance(operation, dict):
                continue
            request = _content(operation.get("requestBody", {}))
            response = _content(operation.get("responses", {}).get("200", {}))
            lines.append(f'  "{method.upper()} {path}": {{ request: {request}; response: {response} }};')
    return "\n".join([*lines, "}", ""])


def _content(body: Mapping[str, Any]) -> str:
    types = []
    for media_type, each in sorted(body.get("content", {}).items()):
        schema = each.get("schema", {})
        types.append(_form(schema) if media_type == "multipart/form-data" else _type(schema, "  "))
    return " | ".join(dict.fromkeys(types)) or "undefined"


def _form(schema: Mapping[str, Any]) -> str:
    """Return the type of a form: its files are `Blob`s, where in JSON they would be text."""
    parts = []
    for name, each in sorted(schema.get("properties", {}).items()):
        kind = "Blob" if each.get("format") == "binary" else _type(each, "  ")
        parts.append(f"{_key(name)}{'' if name in schema.get('required', ()) else '?'}: {kind}")
    return "{ " + "; ".join(parts) + " }"


def _comment(text: Any, indent: str) -> str:
    if not isinstance(text, str) or not text.strip():
        return ""
    lines = [line.strip() for line in text.strip().replace("*/", "* /").splitlines()]
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    body = "\n".join(f"{indent} * {line}".rstrip() for line in lines)
    return f"{indent}/**\n{body}\n{indent} */\n"


def _name(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_$]", "_", name)
    return plain if _IDENTIFIER.fullmatch(plain) else f"_{plain}"


def _constant(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", _name(name)).upper()


def _key(name: str) -> str:
    return name if _IDENTIFIER.fullmatch(name) else json.dumps(name)


def served() -> dict[str, Any]:
    """Return the document of this checkout's server."""
    from seawall.web.app import create_app
    from seawall.web.instruments import Instruments
    from seawall.web.parts import Parts

    # The document depends on the routes alone; what answers them is not asked.
    needed = [field.name for field in fields(Parts) if field.default is MISSING and field.default_factory is MISSING]
    nobody: dict[str, Any] = dict.fromkeys(needed, object())
    document: dict[str, Any] = create_app(Parts(**{**nobody, "instruments": Instruments()})).openapi()
    return document


def main(arguments: list[str]) -> int:
    """Write the types."""
    document = json.loads(Path(arguments[0]).read_text("utf-8")) if arguments else served()
    TARGET.write_text(generate(document), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
