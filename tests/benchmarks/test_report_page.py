"""The page that the report writes: missed goals, pictures, other commands' sections."""

import numpy as np
import pytest
from made_changes import FOLLOWS, SIZE, changes

from benchmarks.results import adherence, curves, scenes, write
from benchmarks.results.methods import METHODS


def found_parts() -> dict:
    """All parts with made-up figures."""
    made = changes(FOLLOWS)
    told = {
        "model": "toyworld",
        "size": SIZE,
        "steps_run": 20,
        "guidance": 5.0,
        "scheduler": "DDIM",
        "seconds": 1.0,
    }
    arrays = adherence.pictures(made)
    tile = np.zeros((SIZE, SIZE, 3), np.uint8)
    for i, kind in enumerate(scenes.MAPS):
        arrays |= {f"shown/{i}/{kind}/{name}": tile for name in METHODS}
        arrays[f"shown/{i}/input"] = tile
    of_adherence = told | adherence.told(made, "0.5 3; 1 9") | {"prompts": ["a", "b", "c"]}
    rng = np.random.default_rng(0)
    keys = ("success", "outside", "probe")
    shape = len(curves.STRENGTHS), 4
    rows = curves.table({n: {k: rng.random(shape) for k in keys} for n in curves.METHODS})
    of_curves = told | {
        "pairs": 4,
        "strengths": curves.STRENGTHS,
        "success": "word seen",
        "distance": "probe",
        "rows": rows,
        "goals": curves.goals(rows, "probe"),
        "level": 0.9,
        "equal": {n: curves.at_success(rows[n], "probe", 0.5) for n in rows},
    }
    line = {"value": 1, "plain img2img": [2, 0.1], "ours": [2, 0.1]}
    of_cost = told | {
        "torch": "2",
        "threads": 1,
        "steps": (10, 20),
        "speed": {n: {"calls": 20, "seconds": 0.5} for n in ("plain img2img", "ours")},
        "skipping": [{"map": "gradient", "peak": 0.5, "ours": 10, "least": 10, "Algorithm 1": 20}],
        "memory": {"ours": [1.0, 1.0], "Algorithm 1": [10.0, 20.0]},
        "growth": {n: [line] for n in ("steps", "side", "batch")}
        | {"N": [{"value": 2, "N-run compositing": [4, 0.2]}]},
        "share": {"added": 1e-5, "diffusers": 2e-5, "model": 0.02, "share": 0.001},
        "post": {"ours": 10.0, "ours, colour match": 15.0, write.BUILTIN: 60.0},
        "host_filter": False,
        "hotpath": {},
        "goals": {"memory flat in the steps": False},
    }
    of_gpu = told | {"device": None, "rows": {}, "goals": {}}
    return {
        "adherence": (of_adherence, arrays),
        "curves": (of_curves, {}),
        "cost": (of_cost, {}),
        "gpu": (of_gpu, {}),
    }


def test_the_page_names_what_is_missed_and_shows_its_pictures(tmp_path):
    pytest.importorskip("matplotlib")
    held = write.page(found_parts(), tmp_path / "results.md")
    text = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "**MISSED**: memory flat in the steps" in text
    for goal, ok in held.items():
        assert f"{'holds' if ok else '**MISSED**'}: {goal}" in text
    assert text.count("**MISSED**") == sum(not ok for ok in held.values())
    for name in ("why", "edit-maps", "cam", "curves", "cost"):
        assert f"(results/{name}.png)" in text
        assert (tmp_path / "results" / f"{name}.png").stat().st_size > 1000
    assert text.index("why.png") < 1000  # near the top
    assert "No GPU was at hand" in text and "LPIPS's weights were not at hand" in text


def test_sections_of_other_commands_are_kept(tmp_path):
    pytest.importorskip("matplotlib")
    other = "<!-- few steps -->\n## Few steps\n<!-- /few steps -->"
    parts = "<!-- parts -->\n## Painter\n\n| a |\n<!-- /parts -->"
    page = tmp_path / "results.md"
    page.write_text(f"# Old\n\n{other}\n\n{parts}\n", encoding="utf-8")
    write.page(found_parts(), page)
    text = page.read_text(encoding="utf-8")
    assert "# Old" not in text and text.startswith("# Results") and "## Cost" in text
    assert text.endswith(f"{other}\n{parts}\n")


def test_without_success_the_page_says_so(tmp_path):
    pytest.importorskip("matplotlib")
    parts = found_parts()
    parts["curves"] = ({"model": "other", "goals": {}}, {})
    write.page(parts, tmp_path / "results.md")
    assert "CLIP was not at hand" in (tmp_path / "results.md").read_text(encoding="utf-8")
    assert not (tmp_path / "results" / "curves.png").exists()
