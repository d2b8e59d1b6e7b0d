"""Edits of toy world pictures: each scene, and what the prompt wants instead."""

from __future__ import annotations

from diffdiff.toyworld.world import Scene

WINTER_NIGHT = {"season": "winter", "time": "night"}
EDITS: list[tuple[Scene, dict[str, str]]] = [
    (Scene("summer", "noon", "hills", "clear", "house", "red", "left", 1), WINTER_NIGHT),
    (Scene("summer", "noon", "mountains", "cloudy", "tent", "yellow", "right", 2), WINTER_NIGHT),
    (Scene("summer", "noon", "lake", "clear", "tower", "white", "middle", 3), WINTER_NIGHT),
    (Scene("summer", "noon", "plains", "cloudy", "balloon", "purple", "left", 4), WINTER_NIGHT),
    (
        Scene("spring", "noon", "hills", "clear", "tower", "blue", "right", 5),
        {"season": "autumn", "time": "sunset"},
    ),
    (
        Scene("winter", "night", "mountains", "clear", "house", "yellow", "middle", 6),
        {"season": "summer", "time": "noon"},
    ),
    (
        Scene("autumn", "sunset", "lake", "cloudy", "balloon", "red", "right", 7),
        {"season": "winter", "time": "noon"},
    ),
    (Scene("spring", "sunset", "plains", "overcast", "house", "white", "left", 8), WINTER_NIGHT),
    (
        Scene("winter", "noon", "hills", "overcast", "tent", "blue", "middle", 9),
        {"season": "autumn", "time": "night"},
    ),
    (
        Scene("autumn", "noon", "lake", "clear", "house", "purple", "right", 10),
        {"season": "spring", "time": "night"},
    ),
]
