"""Documentation is part of the feature: commands exist, snippets run, pages are linked."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seawall.cli._main import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def _blocks(page: Path, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(page.read_text()) if kind == language]


def _commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for block in _blocks(page, "sh"):
            joined = re.sub(r"\\\n|\n +(?=\[)", " ", block)
            found += [(page.name, line.split("#")[0].strip()) for line in joined.splitlines() if "seawall " in line]
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    assert any(re.search(rf"seawall {name}\b", page.read_text()) for page in PAGES), name


@pytest.fixture(scope="module")
def options() -> dict[str, set[str]]:
    """Options of every command and subcommand, as its own help states them."""
    known: dict[str, set[str]] = {}

    def walk(words: list[str]) -> None:
        text = subprocess.run(
            [sys.executable, "-m", "seawall", *words, "--help"], capture_output=True, text=True, check=True
        ).stdout
        known[" ".join(words)] = set(re.findall(r"--[a-z][a-z-]*", text))
        listed = text.partition("Commands:\n")[2]
        for child in re.findall(r"^  ([a-z][a-z-]*)", listed, re.MULTILINE):
            walk([*words, child])

    for name in COMMANDS:
        walk([name])
    return known


def test_documented_commands_and_their_options_exist(options: dict[str, set[str]]) -> None:
    commands = _commands()
    assert len(commands) > 10
    for page, line in commands:
        words = [word for part in line.split("|") for word in shlex.split(part.replace("[", " ").replace("]", " "))]
        if "seawall" not in words:
            continue
        rest = words[words.index("seawall") + 1 :]
        name = next((known for n in (3, 2) if (known := " ".join(rest[:n])) in options), rest[0])
        assert name in options, f"{page}: {line}"
        used = {word.partition("=")[0] for word in rest if re.fullmatch(r"--[a-z][a-z-]*(=.*)?", word)}
        assert used <= options[name] | {"--help"}, f"{page}: {line}"


@pytest.mark.parametrize("page", [page for page in PAGES if _blocks(page, "python")], ids=lambda page: page.name)
def test_python_snippets_run(page: Path, tmp_path: Path) -> None:
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    shutil.copy(ROOT / "tests/data/pdq/exchange/local_file_one_type_per_file.txt", tmp_path / "hashes.txt")
    photos = tmp_path / "photos"
    photos.mkdir()
    for photo in (ROOT / "src/seawall/demo_photos").glob("*.jpg"):
        shutil.copy(photo, photos)
        shutil.copy(photo, tmp_path)
    for block in _blocks(page, "python"):
        done = subprocess.run([sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from seawall.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'numpy', 'PIL', 'pyarrow', 'sqlalchemy', 'jinja2', 'cryptography'} & set(sys.modules)\n"
        "sys.exit(','.join(sorted(heavy)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_tree_names_no_machine_and_no_registry() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    pattern = re.compile(r"(^|[\s\"'=(])/(work|farm|root)/|index-url\s*=|extra-index")
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".lock", ".c", ".h", ".yaml", ".html"} and path.is_file():
            for number, line in enumerate(path.read_text().splitlines(), 1):
                assert not pattern.search(line) or path == Path(__file__), f"{name}:{number}"


def test_the_wheel_carries_every_data_file() -> None:
    """Compares what is tracked beside the code with what pyproject ships; a missing glob loses a file silently."""
    import tomllib
    from fnmatch import fnmatch

    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["*"]
    listed = subprocess.run(["git", "ls-files", "src"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    data = [Path(name).name for name in listed.splitlines() if not name.endswith((".py", ".pyi"))]
    assert data
    assert [name for name in data if not any(fnmatch(name, glob) for glob in shipped)] == []
