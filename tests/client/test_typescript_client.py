"""The TypeScript client: its types are those of the server, and it fails closed."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.deploy.guard.requests import CheckReply, InputCheck
from seawall.policy.guard import GuardAction

FOLDER = Path(__file__).parents[2] / "clients" / "typescript"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("seawall_typescript_generate", FOLDER / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generator = _load()


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document that the server of this checkout serves."""
    served: dict[str, Any] = generator.served()
    return served


def test_the_types_are_those_of_the_server(document: dict[str, Any]) -> None:
    written = (FOLDER / "src" / "types.ts").read_text("utf-8")
    assert generator.generate(document) == written, "run: python clients/typescript/generate.py"
    assert generator.generate(json.loads(json.dumps(document))) == written


def test_every_field_and_action_is_there(document: dict[str, Any]) -> None:
    types = generator.generate(document)
    for model in (InputCheck, CheckReply):
        body = re.search(rf"export interface {model.__name__} {{\n(.*?)\n}}", types, re.DOTALL)
        assert body
        assert re.findall(r"^  (\w+)\??:", body.group(1), re.MULTILINE) == list(model.model_fields)
    assert f"GUARD_ACTION_VALUES = {json.dumps(list(GuardAction))} as const" in types
    for name in ("input", "upload", "output", "finetune", "batch"):
        assert f'"POST /v1/check/{name}"' in types


def test_the_client_calls_only_addresses_that_the_server_has(document: dict[str, Any]) -> None:
    called = set(re.findall(r'"(/v1/[a-z/]+)"', (FOLDER / "src" / "client.ts").read_text("utf-8")))
    checks = {f"/v1/check/{name}" for name in ("input", "upload", "output", "finetune", "batch")}
    assert called == checks | {f"/v1/prevention/{name}" for name in ("clicks", "choices")}
    assert called <= document["paths"].keys()


def test_a_file_can_be_the_source(tmp_path: Path, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "openapi.json"
    source.write_text(json.dumps(document))
    monkeypatch.setattr(generator, "TARGET", tmp_path / "types.ts")
    assert generator.main([str(source)]) == 0
    assert (tmp_path / "types.ts").read_text() == (FOLDER / "src" / "types.ts").read_text()


_SCHEMA = st.recursive(
    st.sampled_from(
        [
            {"type": "string"},
            {"type": "integer"},
            {"type": ["string", "null"]},
            {"const": "*/"},
            {"enum": ["a", 1, None]},
            {},
            True,
            {"type": "string", "description": "ends a comment */ here\nand goes on"},
        ]
    ),
    lambda inner: (
        st.builds(lambda each: {"type": "array", "items": each}, inner)
        | st.builds(lambda each: {"anyOf": each}, st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda each: {"type": "object", "additionalProperties": each}, inner)
        | st.builds(
            lambda each: {"type": "object", "properties": {"a": each, "not-a-name": each}, "required": ["a"]}, inner
        )
    ),
    max_leaves=6,
)


@given(_SCHEMA)
def test_any_schema_becomes_balanced_types(schema: Any) -> None:
    answer = {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}
    document = {
        "paths": {"/v1/check/input": {"post": {"responses": answer}}, "/v1/other": {"get": {"responses": answer}}},
        "components": {"schemas": {"Thing": schema if isinstance(schema, dict) else {}, "Unused": {}}},
    }
    types = generator.generate(document)
    code = re.sub(r'/\*\*.*?\*/|"[^"]*"', "", types, flags=re.DOTALL)
    for left, right in ("{}", "()", "[]"):
        assert code.count(left) == code.count(right)
    assert "*/" not in code
    assert "Unused" not in types
    assert "/v1/other" not in types


def test_it_compiles_and_fails_closed_under_node(tmp_path: Path, ci: bool) -> None:
    compiler = os.environ.get("SEAWALL_TSC") or shutil.which("tsc")
    node = shutil.which("node")
    if compiler is None or node is None:
        if ci:
            pytest.fail("tsc or node is missing, and CI must run these tests")
        pytest.skip("tsc and node not run: only the generator was tested")
    out = tmp_path / "dist"
    built = subprocess.run(
        [compiler, "-p", FOLDER, "--outDir", out], capture_output=True, text=True, timeout=120, check=False
    )
    assert built.returncode == 0, built.stdout
    (out / "package.json").write_text('{"type": "module"}')
    environment = os.environ | {"SEAWALL_CLIENT": str(out / "index.js")}
    ran = subprocess.run(
        [node, "--test", str(FOLDER / "test" / "client.test.mjs")],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert "# fail 0" in ran.stdout
