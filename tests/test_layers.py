"""The house: imports go one way, and what touches the outside stays in its room."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ("seeds", "schemas", "transforms", "pipelines")
MODULES = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
STREAMED = {"ticks": "feeds", "remember": "known"}  # what a stream has instead of a stage
STAGES = ("feeds", "fetch", "extract", "clean", "annotate", "known", "stories", "load")

# Who may import what, as HOUSE_STYLE's table has it. `demo_server` serves; it opens no address.
FENCES = {
    "aiohttp": {"transforms/web.py", "transforms/connections.py"},
    "socket": {"transforms/connections.py", "pipelines/demo_server"},
    "requests": set[str](),
    "duckdb": {"transforms/warehouse/"},
    "google": {"transforms/warehouse/"},
    "spacy": {
        "transforms/language.py",
        "transforms/annotate.py",
        "pipelines/train",
        "pipelines/evaluate",
    },
    "apache_beam": {
        *(f"transforms/{stage}.py" for stage in (*STAGES, *STREAMED)),
        "transforms/reject.py",
        "pipelines/deploy/dataflow/",
        "pipelines/flink.py",
        "pipelines/ingest.py",
        "pipelines/passes.py",
        "pipelines/runners.py",
        "pipelines/sums.py",
    },
}


def imports(path: Path) -> set[str]:
    """Name the modules a file imports at run time, anywhere in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_package_imports_only_packages_to_its_left(path: Path) -> None:
    allowed = LAYERS[: LAYERS.index(path.relative_to(ROOT).parts[0]) + 1]
    ours = {module for module in imports(path) if module.split(".")[0] in (*LAYERS, "tests")}
    assert {module for module in ours if module.split(".")[0] not in allowed} == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_what_touches_the_outside_stays_in_its_room(path: Path) -> None:
    for package, rooms in FENCES.items():
        if any(module.split(".")[0] == package for module in imports(path)):
            assert any(name_of(path).startswith(room) for room in rooms), package


@pytest.mark.parametrize("stage", [*STAGES, *STREAMED])
def test_stages_never_import_each_other(stage: str) -> None:
    own = {stage, STREAMED.get(stage)}
    others = {f"transforms.{other}" for other in (*STAGES, *STREAMED) if other not in own}
    assert imports(ROOT / "transforms" / f"{stage}.py") & others == set()


def test_no_module_is_named_like_one_of_the_standard_library() -> None:
    assert {path.stem for path in MODULES} & set(sys.stdlib_module_names) == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_and_its_functions_keep_to_their_size(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    long = {
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= 40
    }
    assert long == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_our_packages_are_ours() -> None:
    import feedparser
    import urllib3

    import transforms

    assert Path(str(transforms.__file__)).is_relative_to(ROOT)
    assert feedparser.__version__.startswith("6.")
    assert urllib3.__version__.startswith("2.")
