"""The shape of the repository: rooms import downwards, the core knows no host, files stay short."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "diffdiff"
# from the ground up: a room imports from itself and from those before it
ROOMS = (
    "",
    "settings",
    "images",
    "sampling",
    "maps",
    "metrics",
    "edit",
    "toyworld",
    "pipelines",
    "batch",
    "ui",
    "page",
    "cli",
    "webui",
)
HOSTS = {"modules", "modules_forge", "backend", "gradio", "fastapi", "ldm", "sgm", "k_diffusion"}
SHOWS = {"ui", "page"}  # they meet Gradio
# imports inside functions: a command starts without what it does not need, an engine without
# diffusers, the WebUI's script without a WebUI that it does not know
LATE = {"cli", "page", "batch", "pipelines", "webui"}
ENTRY = "__main__"  # no room's business

FILES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
FILES[""] = FILES.pop("__init__")


def room(module: str) -> str:
    first = module.partition(".")[0]
    return first if first in ROOMS else ""


def relative(module: str, path: Path):
    """What a module imports of this package: (module, whether inside a function)."""
    here = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = here[: len(here) - node.level + 1]
        named = ".".join(filter(None, [*base, node.module or ""]))
        for alias in node.names:
            whole = ".".join(filter(None, [named, alias.name]))
            yield (whole if whole in FILES else named), node.col_offset > 0


def outside(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.split(".")[0])
    return names


GRAPH = {module: list(relative(module, path)) for module, path in FILES.items()}


@pytest.mark.parametrize("name", ROOMS)
def test_rooms_import_downwards(name):
    floor = ROOMS.index(name)
    up = {
        (module, other)
        for module, imports in GRAPH.items()
        for other, _ in imports
        if room(module) == name and module != ENTRY and ROOMS.index(room(other)) > floor
    }
    assert not up


def test_there_are_no_circles():
    state: dict[str, int] = {}

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert state.get(module) != 1, " -> ".join((*way, module))
        if state.get(module) == 2:
            return
        state[module] = 1
        for other, _ in GRAPH[module]:
            if other != module and FILES[other].name != "__init__.py":
                visit(other, (*way, module))
        state[module] = 2

    for module in FILES:
        visit(module, ())


def test_imports_stand_at_the_top():
    late = {
        (module, other)
        for module, imports in GRAPH.items()
        for other, inside in imports
        if inside and room(module) not in LATE
    }
    assert not late


def test_the_core_knows_no_host():
    for module, path in FILES.items():
        if room(module) != "webui":
            allowed = {"gradio"} if room(module) in SHOWS else set()
            assert not outside(path) & (HOSTS - allowed), module


def test_every_folder_is_a_room():
    folders = {p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert folders == set(ROOMS) - {""}


def test_files_are_short():
    for folder, most in (
        ("diffdiff", 300),
        ("scripts", 300),
        ("javascript", 300),
        ("benchmarks", 300),
        ("tests", 300),
    ):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".js", ".mjs"):
                assert len(path.read_text().splitlines()) <= most, path


def test_the_script_folder_only_forwards():
    (script,) = (ROOT / "scripts").glob("*.py")
    body = ast.parse(script.read_text()).body  # a docstring, an import, one call
    assert len(body) <= 4
    assert all(isinstance(part, (ast.Expr, ast.ImportFrom, ast.Assign)) for part in body)
