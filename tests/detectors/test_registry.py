"""The registry: built-ins, plug-ins and operators' models under one roof, and what the provenance gate refuses."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from seawall.detectors.adapters import ConfigurationError
from seawall.detectors.contract import Detector, Runs
from seawall.detectors.gate import DetectorRefused, objection
from seawall.detectors.host import DEFAULT, DetectorSet, open_detectors
from seawall.detectors.registry import BUILTINS, GROUP, DetectorUnusable, Registry, Source
from seawall.errors import UsageError
from seawall.settings import Settings


def _registry(home: Path, module: str, *names: str) -> Registry:
    entries = [EntryPoint(name, f"{module}:{name.replace('-', '_')}", GROUP) for name in names]
    return Registry(Settings(home, ""), entries)


@pytest.mark.parametrize("name", BUILTINS)
def test_every_built_in_is_what_it_is_called_and_passes_the_gate(name: str, seawall_home: Path) -> None:
    found = Registry(Settings(seawall_home, ""), [])[name]
    assert isinstance(found.detector, Detector)
    assert (found.info.id, found.source) == (name, Source.BUILTIN)
    assert objection(found.info) is None
    assert not found.info.sends_content_off_host
    assert found.info.limits_note


def test_a_plug_in_is_found_by_its_name(stand_ins: str, seawall_home: Path) -> None:
    found = _registry(seawall_home, stand_ins, "bright")["bright"]
    assert (found.info.id, found.source) == ("bright", Source.PLUGIN)


def test_a_plug_in_may_replace_nobody(stand_ins: str, seawall_home: Path) -> None:
    entries = [
        EntryPoint("canary", f"{stand_ins}:bright", GROUP),
        EntryPoint("bright", f"{stand_ins}:bright", GROUP),
        EntryPoint("bright", f"{stand_ins}:nothing", GROUP),
    ]
    registry = Registry(Settings(seawall_home, ""), entries)
    assert registry["canary"].source is Source.BUILTIN
    assert {problem.name for problem in registry.problems} == {"canary", "bright"}


@pytest.mark.parametrize("name", ["broken", "missing", "no-detector", "misnamed"])
def test_a_plug_in_that_cannot_be_made_is_reported_and_costs_nobody_else(
    stand_ins: str, seawall_home: Path, name: str
) -> None:
    registry = _registry(seawall_home, stand_ins, "bright", name)
    with pytest.raises(DetectorUnusable, match=name):
        registry[name]
    assert "bright" in {each.info.id for each in registry}
    assert name in {problem.name for problem in registry.problems}


def test_a_module_that_does_not_import_is_reported(seawall_home: Path) -> None:
    registry = Registry(Settings(seawall_home, ""), [EntryPoint("gone", "no_such_module_anywhere:x", GROUP)])
    with pytest.raises(DetectorUnusable, match="gone"):
        registry["gone"]


def test_an_unknown_name_says_which_there_are(seawall_home: Path) -> None:
    with pytest.raises(UsageError, match="unknown detector 'herons'") as caught:
        DetectorSet.chosen(["herons"], Settings(seawall_home, ""))
    assert "open-nsfw" in caught.value.hint


def test_canary_alone_needs_no_weights_and_nothing_chosen_is_the_default(
    seawall_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEAWALL_WEIGHTS", str(tmp_path / "none"))
    chosen = DetectorSet.chosen(["canary"], Settings(seawall_home, ""))
    assert chosen.names[0] == "canary"
    with open_detectors(chosen) as detectors:
        assert {each["state"] for each in detectors.described()} == {"ready"}
    assert DEFAULT == ("open-nsfw", "image-safety", "apparent-age", "term-packs")


def test_without_weights_the_shipped_models_are_unsupported_and_nothing_fails(
    seawall_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEAWALL_WEIGHTS", str(tmp_path / "none"))
    chosen = DetectorSet.chosen(["open-nsfw", "image-safety", "apparent-age"], Settings(seawall_home, ""))
    with open_detectors(chosen) as detectors:
        assert {each["state"] for each in detectors.described()} == {"weights_missing"}


@pytest.mark.parametrize(("name", "why"), [("unlicensed", "no licence"), ("agpl", "AGPL"), ("undigested", "no digest")])
def test_the_gate_refuses_what_nobody_vouches_for_until_the_operator_does(
    stand_ins: str, seawall_home: Path, name: str, why: str
) -> None:
    settings, plugins = Settings(seawall_home, ""), [(name, f"{stand_ins}:{name}")]
    with pytest.raises(DetectorRefused, match=why) as caught:
        DetectorSet.chosen([name], settings, plugins=plugins)
    assert "allow_licence" in caught.value.hint
    seawall_home.mkdir()
    (seawall_home / "detectors.yaml").write_text(f"allow_licence: [{name}]\n")
    assert DetectorSet.chosen([name], settings, plugins=plugins).names == (name,)


def test_an_unreadable_configuration_stops_everything_rather_than_allow_or_forget(seawall_home: Path) -> None:
    seawall_home.mkdir()
    (seawall_home / "detectors.yaml").write_text("allow_off_host: everything\n")
    with pytest.raises(ConfigurationError):
        DetectorSet.chosen(["canary"], Settings(seawall_home, ""))


def test_an_operators_model_runs_confined_in_a_process_of_its_own(seawall_home: Path, tmp_path: Path) -> None:
    import hashlib

    import numpy as np
    import onnx
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["x"], ["mean"], axes=[1, 2, 3], keepdims=0),
            helper.make_node("Reshape", ["mean", "shape"], ["y"]),
        ],
        "brightness",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 32, 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1])],
        [helper.make_tensor("shape", TensorProto.INT64, [2], [1, 1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = tmp_path / "brightness.onnx"
    onnx.save(model, path)
    seawall_home.mkdir()
    (seawall_home / "detectors.yaml").write_text(
        "models:\n"
        "  ours:\n"
        "    adapter: onnx-image\n"
        f"    path: {path}\n"
        f"    sha256: '{hashlib.sha256(path.read_bytes()).hexdigest()}'\n"
        "    weights_licence: MIT\n"
        "    size: 32\n"
        "    resize: squash\n"
        "    classes: [bright]\n"
        "    labels: {bright: brightness}\n"
        "    activation: none\n"
    )
    from seawall.detectors.contract import Picture

    chosen = DetectorSet.chosen(["ours"], Settings(seawall_home, ""))
    with open_detectors(chosen) as detectors:
        assert detectors.infos[0].runs is Runs.CONFINED
        assert detectors.described()[0]["source"] == "operator"
        (answers,) = detectors.score([Picture(np.full((64, 64, 3), 51, np.uint8), 64, 64)], hashed=False)
        assert answers["ours"].labels["brightness"] == pytest.approx(0.2, abs=0.01)
    path.write_bytes(b"another model")
    with open_detectors(chosen) as detectors:
        (answers,) = detectors.score([Picture(np.full((64, 64, 3), 51, np.uint8), 64, 64)], hashed=False)
        assert (answers["ours"].status, answers["ours"].reason) == ("error", "weights_refused")
    path.unlink()
    with open_detectors(chosen) as detectors:
        assert detectors.described()[0]["state"] == "weights_missing"
