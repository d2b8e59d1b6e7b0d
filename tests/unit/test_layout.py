"""The shape of the repository: the pure core knows no host, files stay readable."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PURE = sorted(p for p in (ROOT / "diffdiff").glob("*.py"))
HOSTS = {"modules", "modules_forge", "backend", "gradio", "fastapi", "ldm", "sgm", "k_diffusion"}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            names |= {"webui"} & set((node.module or "").split(".") + [a.name for a in node.names])
    return names


@pytest.mark.parametrize("path", PURE, ids=lambda p: p.name)
def test_the_core_imports_no_host(path):
    assert not imported(path) & (HOSTS | {"webui"})


def test_there_is_a_core_to_check():
    assert {"hold.py", "maps.py", "ladder.py", "soften.py", "composite.py", "args.py"} <= {
        p.name for p in PURE
    }


def test_files_are_short():
    for folder in ("diffdiff", "scripts", "javascript", "benchmarks", "tests"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".js", ".mjs"):
                assert len(path.read_text().splitlines()) <= 400, path


def test_the_script_folder_only_forwards():
    (script,) = (ROOT / "scripts").glob("*.py")
    body = ast.parse(script.read_text()).body  # a docstring, an import, one call
    assert len(body) <= 4
    assert all(isinstance(part, (ast.Expr, ast.ImportFrom, ast.Assign)) for part in body)
