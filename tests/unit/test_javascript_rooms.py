"""The shape of the JavaScript: rooms import downwards, files in no circle, every path is there."""

import re
from pathlib import Path

import pytest

JAVASCRIPT = Path(__file__).parents[2] / "javascript"
# from the ground up: a room imports from itself and from those before it
ROOMS = (
    "painter/map",
    "painter/draw",
    "painter/document",
    "painter/strength",
    "painter/display",
    "painter/file",
    "painter/move",
    "painter/worker",
    "painter/ui/controls",
    "painter/ui/view",
    "painter/ui/tools",
    "painter/ui/move",
    "painter/ui/click",
    "painter/ui/stage",
    "painter/ui/input",
    "painter/ui/files",
    "painter/ui/panels",
    "painter/ui",
    "layers",
    "hosts",
    ".",
)
PAGE = "painter/ui"  # this room, those in it and those after it may meet the page
# `import "./a.mjs"`, `... from "./a.mjs"`; at the beginning of a line, so not in a comment
STATIC = re.compile(r'^(?:import|export)\b[^;"()]*"(\.[^"]+)"', re.MULTILINE)
TYPES = re.compile(r'\*.*?import\("(\.[^"]+)"\)')
ANY = re.compile(r'(?:from|import|URL)\s*\(?\s*"(\.[^"]+\.mjs)"')
DOM = re.compile(r"\b(?:document\.(?:create|body|query|get)|window\.|localStorage|HTML\w*Element)")

FILES = {path.resolve() for path in JAVASCRIPT.rglob("*.mjs")}


def room(path: Path) -> str:
    return path.parent.relative_to(JAVASCRIPT).as_posix()


def code(path: Path) -> str:
    return re.sub(r"/\*.*?\*/|^\s*//.*?$", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)


def imports(path: Path, pattern: re.Pattern[str]) -> list[Path]:
    return [(path.parent / name).resolve() for name in pattern.findall(path.read_text())]


GRAPH = {path: imports(path, STATIC) for path in FILES}


def up(name: str, graph: dict[Path, list[Path]]) -> set[tuple[str, str]]:
    """What a room imports from rooms above it: (file, file)."""
    floor = ROOMS.index(name)
    return {
        (str(path.relative_to(JAVASCRIPT)), str(other.relative_to(JAVASCRIPT)))
        for path, others in graph.items()
        for other in others
        if room(path) == name and ROOMS.index(room(other)) > floor
    }


def test_every_folder_is_a_room():
    assert {room(path) for path in FILES} == set(ROOMS)


def test_the_graph_is_not_empty():
    assert sum(map(len, GRAPH.values())) > len(FILES)


@pytest.mark.parametrize("name", ROOMS)
def test_rooms_import_downwards(name):
    assert not up(name, GRAPH)


@pytest.mark.parametrize("name", [name for name in ROOMS if not name.startswith(PAGE)][:-3])
def test_the_core_takes_even_its_types_from_below(name):
    assert not up(name, {path: imports(path, TYPES) for path in FILES})


def test_the_core_knows_no_page():
    for path in FILES:
        if ROOMS.index(room(path)) < ROOMS.index("painter/ui/controls"):
            assert not DOM.search(code(path)), path


def test_there_are_no_circles():
    state: dict[Path, int] = {}

    def visit(path: Path, way: tuple[str, ...]) -> None:
        assert state.get(path) != 1, " -> ".join((*way, path.name))
        if state.get(path) == 2:
            return
        state[path] = 1
        for other in GRAPH[path]:
            visit(other, (*way, path.name))
        state[path] = 2

    for path in sorted(FILES):
        visit(path, ())


def test_every_import_is_there():
    """Those of types and of workers too, which the entry asks for anew after an update."""
    missing = {
        (path.name, str(other))
        for path in FILES
        for other in imports(path, ANY)
        if other not in FILES
    }
    assert not missing
