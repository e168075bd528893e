"""`detectors.yaml`: what it may say, that every slip is an error, and that the examples of the documentation hold."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seawall.detectors.adapters import (
    Adapter,
    ConfigurationError,
    OffHostPermissions,
    configured,
    load_configuration,
    parse_configuration,
    permissions,
)
from seawall.detectors.contract import Detector, Modality
from seawall.settings import Settings
from tests.detectors.adapters.conftest import model

PAGE = Path(__file__).parents[3] / "docs" / "operator-models.md"
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
GUARD = "{adapter: chat-guard, base_url: http://127.0.0.1:9, model: guard, reply: llama-guard}"
Write = Callable[[str | bytes], Settings]


@pytest.fixture
def settings_with(tmp_path: Path) -> Write:
    def write(text: str | bytes) -> Settings:
        (tmp_path / "detectors.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return Settings(tmp_path, "")

    return write


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_of_the_documentation_is_a_configuration(block: str) -> None:
    parsed = parse_configuration(block)
    assert parsed.detectors or parsed.allow_off_host.text


def test_the_documentation_has_an_example_of_every_adapter() -> None:
    used = {each["adapter"] for block in BLOCKS for each in yaml.safe_load(block).get("models", {}).values()}
    assert used == set(Adapter)


def test_all_examples_together_are_one_configuration() -> None:
    models: dict[str, object] = {}
    for block in BLOCKS:
        models |= yaml.safe_load(block).get("models", {})
    detectors = parse_configuration(yaml.safe_dump({"models": models})).detectors
    assert [detector.info.id for detector in detectors] == sorted(models)
    assert all(isinstance(detector, Detector) for detector in detectors)
    leaving = {detector.info.id for detector in detectors if detector.info.sends_content_off_host}
    assert leaving == {"moderation", "my-service", "content-safety", "combined"}


def test_without_a_file_nothing_is_configured_and_nothing_allowed(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "nowhere", "")
    assert configured(settings) == []
    assert permissions(settings) == OffHostPermissions(image=False, text=False)
    assert not (tmp_path / "nowhere").exists()


def test_an_empty_file_is_an_empty_configuration(settings_with: Write) -> None:
    assert configured(settings_with("")) == []
    assert configured(settings_with("# nothing yet\n")) == []


def test_permissions_are_per_modality_and_off_unless_given(settings_with: Write) -> None:
    allowed = permissions(settings_with("allow_off_host: {text: true, my-guard: [image]}\n"))
    assert allowed.allow(Modality.TEXT)
    assert not allowed.allow(Modality.IMAGE)
    assert allowed.allow(Modality.IMAGE, "my-guard")
    assert not allowed.allow(Modality.IMAGE, "other")


def test_models_keep_their_order_and_licences_are_named(settings_with: Write) -> None:
    text = f"allow_licence: [b-guard]\nmodels:\n  b-guard: {GUARD}\n  a-guard: {GUARD}\n"
    loaded = load_configuration(settings_with(text))
    assert [detector.info.id for detector in loaded.detectors] == ["b-guard", "a-guard"]
    assert loaded.allow_licence == {"b-guard"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "mapping"),
        ("zorblax", "mapping"),
        ("model: {}", "unknown key 'model'"),
        ("models: []", "models is a mapping"),
        ("models: {a: {}}", "models: a lacks 'adapter'"),
        ("models: {a: 1}", "models: a is a mapping"),
        ("models: {a: {adapter: pickle}}", "one of onnx-image"),
        (f"models: {{A: {GUARD}}}", "is no id"),
        (f"models: {{a_b: {GUARD}}}", "is no id"),
        (f"models: {{open-nsfw: {GUARD}}}", "seawall's own"),
        (f"models: {{text: {GUARD}}}", "seawall's own"),
        (f"models: {{a: {GUARD}, a: {GUARD}}}", "given twice"),
        (f"models: {{a: &x {GUARD}, b: *x}}", "aliases"),
        ("models: {a: {adapter: chat-guard, base_url: 1}}", "base_url is a text"),
        (f"models: {{a: {GUARD[:-1]}, task: zorblax}}}}", "one of adult_content"),
        (f"models: {{a: {GUARD[:-1]}, languages: en}}}}", "list of texts"),
        (f"models: {{a: {GUARD[:-1]}, requires_human_review: 1}}}}", "true or false"),
        ("allow_off_host: true", "mapping"),
        ("allow_off_host: {image: 1}", "true or false"),
        ("allow_off_host: {image: yes please}", "true or false"),
        ("allow_off_host: {my-guard: [video]}", "of image, text"),
        ("allow_off_host: {my_guard: [text]}", "is no id"),
        ("allow_licence: my-guard", "list of texts"),
        ("allow_licence: [My Guard]", "is no id"),
        ("models: {a: !!python/object/apply:os.getcwd []}", "not YAML"),
        ("models: {a: [}", "not YAML near line 1"),
        ("a: 1\n- b", "not YAML near line 2"),
        ("x" * 300_000, "larger than"),
        (b"\xff\xfe\xff", "UnicodeDecodeError"),
        ("[" * 10_000, "too deep"),
        ("{1: 2}", "mapping of names"),
    ],
)
def test_a_slip_of_the_pen_is_an_error_that_names_its_place(settings_with: Write, text: str | bytes, says: str) -> None:
    settings = settings_with(text)
    with pytest.raises(ConfigurationError) as told:
        configured(settings)
    assert says in str(told.value)
    assert "detectors.yaml" in str(told.value)
    with pytest.raises(ConfigurationError):
        permissions(settings)


def test_a_registry_may_reserve_more_names(settings_with: Write) -> None:
    with pytest.raises(ConfigurationError):
        configured(settings_with(f"models: {{my-plugin: {GUARD}}}"), reserved={"my-plugin"})


def test_a_directory_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "detectors.yaml").mkdir()
    with pytest.raises(ConfigurationError, match="IsADirectoryError"):
        configured(Settings(tmp_path, ""))


@given(st.text(max_size=200))
def test_no_text_raises_anything_else(text: str) -> None:
    with suppress(ConfigurationError):
        parse_configuration(text)


KEYS = st.sampled_from(["adapter", "url", "base_url", "model", "reply", "body", "labels", "modalities", "headers", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["image", "text", "llama-guard", "{text}", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)


@given(adapter=st.sampled_from(Adapter), data=st.dictionaries(KEYS, VALUES, max_size=6))
def test_no_model_raises_anything_else(adapter: Adapter, data: dict[str, object]) -> None:
    text = yaml.safe_dump({"models": {"a": {**data, "adapter": adapter.value}}})
    with suppress(ConfigurationError):
        parse_configuration(text)


def test_another_part_of_the_configuration_is_another_version() -> None:
    base = "adapter: chat-guard\nbase_url: http://127.0.0.1:9\nmodel: guard\nreply: llama-guard\n"
    turned = "\n".join(reversed(base.strip().splitlines()))
    assert model(base).info.version == model(turned).info.version
    others = {
        model(base + more).info.version for more in ("", 'template: "<{text}>"', "labels: {S4: x}", "version: '2'")
    }
    assert len(others) == 4
    assert model(base + "version: '2'").info.version.startswith("2+")


def test_what_the_operator_says_of_a_model_is_shown() -> None:
    info = model("""
adapter: chat-guard
base_url: http://127.0.0.1:9
model: guard
reply: llama-guard
task: content_safety
weights_licence: LicenseRef-Contract
weights_origin: the vendor
training_data: not documented
known_incidents: [one]
languages: [en, de]
limits: recall unknown
requires_human_review: true
""").info
    assert (info.weights_licence, info.weights_origin) == ("LicenseRef-Contract", "the vendor")
    assert (info.training_data_note, info.known_incidents) == ("not documented", ("one",))
    assert (info.languages, info.limits_note, info.requires_human_review) == (("en", "de"), "recall unknown", True)


def test_reading_a_configuration_loads_no_client_and_no_runtime(tmp_path: Path) -> None:
    (tmp_path / "detectors.yaml").write_text(f"models: {{a: {GUARD}}}")
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from seawall.detectors.adapters import configured\n"
        "from seawall.settings import Settings\n"
        f"assert len(configured(Settings(Path({str(tmp_path)!r}), ''))) == 1\n"
        "sys.exit(','.join({'httpx', 'httpcore', 'onnxruntime', 'simplejpeg'} & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
