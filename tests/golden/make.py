"""Golden vectors: what Python and JavaScript both compute, written by Python.

`python -m tests.golden.make` writes `vectors.json` anew; `tests/unit/test_golden.py` checks that it
is what Python computes, `tests/js/golden.test.mjs` that the painter's modules compute the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from diffdiff.edit.plan import EditPlan, strengths
from diffdiff.maps import geometry
from diffdiff.maps.shaping import level
from diffdiff.sampling.start_steps import NEVER, WEBUI, DiffusersRule
from diffdiff.settings.schema import parse

FILE = Path(__file__).with_name("vectors.json")
RULES = {
    "webui": WEBUI,
    "diffusers": DiffusersRule(),
    "diffusers, up": DiffusersRule(ceil=True),
}
GREYS = [0, 1, 33, 655, 6553, 13107, 16384, 23101, 32768, 43690, 49151, 58000, 65534, 65535]
STRENGTHS = [0, 1e-9, 1e-6, 0.04, 0.05, 0.1, 0.25, 0.3, 0.55, 0.7, 0.75, 0.9, 0.999, 0.9995, 1]
RESPONSES = ["0.2 26; 0.4 39; 1 85", "0.1 3; 0.3 30; 0.5 32; 0.9 60", "1 10", "0.5 1"]
LEVELS = [(0, 1, 1), (0.25, 0.75, 2), (0, 0.5, 0.5), (0.1, 0.9, 1), (0.3, 1, 1.7)]


def start_steps() -> list[dict[str, Any]]:
    """Start steps of single strengths; None is kept."""
    rows = []
    for name, rule in RULES.items():
        for steps, last in ((1, 0), (4, 3), (7, 6), (20, 19), (20, 17), (28, 27), (150, 149)):
            start = rule(np.array(STRENGTHS, np.float64), steps, last).start.tolist()
            known = [None if step == NEVER else step for step in start]
            rows.append({"rule": name, "steps": steps, "last": last, "start": known})
    return rows


def greys() -> list[dict[str, Any]]:
    """Strengths and start steps of greys of a map, as a run reads them."""
    rows = []
    settings: list[dict[str, Any]] = [
        {},
        {"scale": "absolute"},
        {"invert": True},
        {"black": 0.25, "white": 0.75, "gamma": 2.0},
        {"response": RESPONSES[0]},
        {"response": RESPONSES[1], "scale": "absolute"},
    ]
    change_map = (np.array([GREYS], np.float64) / 65535).astype(np.float32)
    for changed in settings:
        for steps, denoising in ((4, 1.0), (20, 0.6), (20, 0.75), (28, 0.05)):
            args = parse(dict(changed))
            found = strengths(level(change_map, args), args, denoising)[0]
            start = WEBUI(found, steps, steps - 1).start.tolist()
            rows.append(
                {
                    "settings": changed,
                    "steps": steps,
                    "denoising": denoising,
                    "strength": found.tolist(),
                    "start": [None if step == NEVER else step for step in start],
                }
            )
    return rows


def all_steps() -> list[dict[str, Any]]:
    """Start steps where the host makes all steps at any strength, by the WebUIs' own arithmetic
    (`setup_img2img_steps` and the first step of `sample_img2img`)."""
    rows = []
    change_map = (np.array([GREYS], np.float64) / 65535).astype(np.float32)
    for settings in ({}, {"scale": "absolute"}, {"invert": True}):
        args = parse(dict(settings))
        for steps, denoising in ((10, 0.5), (20, 0.6), (7, 0.7), (20, 1.0), (12, 0.3), (1, 0.05)):
            schedule = int(steps / min(denoising, 0.999))
            t_enc = steps - 1
            plan = EditPlan(level(change_map, args), args, denoising, schedule, schedule - 1)
            start = plan.start_steps(schedule - t_enc - 1)[0].start[0].tolist()
            rows.append(
                {
                    "settings": settings,
                    "steps": steps,
                    "denoising": denoising,
                    "schedule": schedule,
                    "start": [None if step == NEVER else step for step in start],
                }
            )
    return rows


def responses() -> list[dict[str, Any]]:
    """Strengths of map values by a response."""
    values = np.linspace(0, 1, 21)
    rows = []
    for text in RESPONSES:
        for full in (1.0, 0.75, 0.3):
            found = parse({"response": text}).reading(values, full)
            rows.append({"response": text, "full": full, "strength": found.tolist()})
    return rows


def levels() -> list[dict[str, Any]]:
    """Greys after levels, in 16 bits."""
    change_map = (np.array([GREYS], np.float64) / 65535).astype(np.float32)
    rows = []
    for black, white, gamma in LEVELS:
        found = geometry.levels(change_map, black, white, gamma)
        grey = np.round(found * np.float32(65535)).astype(int)[0].tolist()
        rows.append({"black": black, "white": white, "gamma": gamma, "grey": grey})
    return rows


def vectors() -> dict[str, Any]:
    """Return all vectors: JSON types only."""
    return {
        "greys": GREYS,
        "strengths": STRENGTHS,
        "values": np.linspace(0, 1, 21).tolist(),
        "start_steps": start_steps(),
        "runs": greys(),
        "responses": responses(),
        "levels": levels(),
        "all_steps": all_steps(),
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")
