"""Write the settings as Markdown tables, by group and with units, for docs/settings.md."""

from __future__ import annotations

import json
from typing import Any

from .schema import AUTO, fields

GROUPS = {  # heading: fields, each in exactly one group
    "The map": ("enabled", "mode", "source", "map", "invert", "scale"),
    "Shaping the map": (
        "black",
        "white",
        "gamma",
        "soften_radius",
        "soften_direction",
        "soften_falloff",
        "linear_light",
        "response",
    ),
    "The run": (
        "skip",
        "levels",
        "extra_calls",
        "transition",
        "anchor",
        "anchor_guidance",
        "area",
        "area_padding",
    ),
    "The result": ("paste_back", "feather", "colour_match"),
    "Coarse edits": ("move", "outpaint", "outpaint_fill", "outpaint_edge"),
    "Soft inpainting": ("combine", "mask_channel"),
    "Fan and sheet": (
        "fan_count",
        "fan_low",
        "fan_high",
        "fan_preset",
        "fan_strengths",
        "fan_layout",
        "sheet_batch",
    ),
    "Map from two prompts": (
        "reference",
        "query",
        "diffedit_cut",
        "diffedit_grow",
        "diffedit_noises",
        "diffedit_level",
        "diffedit_outliers",
        "diffedit_amount",
        "diffedit_seed",
        "diffedit_batch",
        "diffedit_with",
        "diffedit_words",
    ),
    "Map from words": ("words", "words_level", "words_noises", "words_seed", "words_edges"),
    "Map from points": (
        "points",
        "points_level",
        "points_noises",
        "points_seed",
        "points_edges",
    ),
    "Map from the image": (
        "edge_sigma",
        "canny_low",
        "canny_high",
        "detail_radius",
        "point_x",
        "point_y",
        "box",
        "rounds",
        "other_image",
        "untouched",
        "sketch_radius",
    ),
    "Map from ControlNet or layers": ("annotator", "layers"),
}
UNITS = {
    "soften_radius": "px",
    "feather": "px",
    "edge_sigma": "px",
    "detail_radius": "px",
    "area_padding": "px",
    "outpaint_edge": "px",
    "sketch_radius": "px",
    "diffedit_grow": "px",
    "point_x": "of the width",
    "point_y": "of the height",
    "extra_calls": "levels",
    "sheet_batch": "images",
    "rounds": "iterations",
    "diffedit_noises": "samples",
    "diffedit_batch": "samples",
    "transition": "of a step",
    "diffedit_level": "of the schedule",
    "words_level": "of the schedule",
    "words_noises": "samples",
    "points_level": "of the schedule",
    "points_noises": "samples",
}
VALUES = {
    "map": "base64 image(s)",
    "fan_strengths": "2 to 16 numbers",
    "other_image": "base64 image",
    "untouched": "base64 image",
    "move": "moves",
    "outpaint": "sides and pixels",
    "layers": "JSON",
    "response": "points",
    "box": "4 numbers",
    "points": "points",
    "words": "words with strengths",
    "diffedit_words": "words with strengths",
}


def tables() -> str:
    """Return one Markdown table per group, each below its heading."""
    parts = []
    for heading, names in GROUPS.items():
        rows = [_row(name, fields()[name]) for name in names]
        head = "| field | in the panel | default | values | what it does |"
        parts.append(
            "\n".join([f"## {heading}", "", head, "| --- | --- | --- | --- | --- |", *rows])
        )
    return "\n\n".join(parts)


def _row(name: str, info: dict[str, Any]) -> str:
    default = "" if info["default"] is None else f"`{json.dumps(info['default'])}`"
    return f"| `{name}` | {info['title']} | {default} | {_values(name, info)} | {info['help']} |"


def _values(name: str, info: dict[str, Any]) -> str:
    if info["choices"]:
        return ", ".join(f"`{choice}`" for choice in info["choices"])
    if info["low"] is None:
        return VALUES.get(name, "`true`, `false`" if info["type"] is bool else "text")
    unit = f" {UNITS[name]}" if name in UNITS else ""
    values = f"{info['low']:g} to {info['high']:.10g}{unit}"
    return f"{values}, {AUTO}" if name == "soften_radius" else values


if __name__ == "__main__":
    print(tables())
