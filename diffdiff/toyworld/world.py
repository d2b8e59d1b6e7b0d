"""What a landscape of the toy world can be, and how a prompt describes it.

A scene has seven attributes that are drawn independently of each other and can all be recognized in
the picture. Captions name any of them, in several ways; what a caption leaves out is free.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

# attribute -> value -> the ways to say it
WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "season": {
        "spring": ("spring",),
        "summer": ("summer",),
        "autumn": ("autumn", "fall"),
        "winter": ("winter", "snow"),
    },
    "time": {
        "noon": ("noon", "day", "daylight"),
        "sunset": ("sunset", "evening"),
        "night": ("night", "moonlight"),
    },
    "terrain": {
        "mountains": ("mountains", "high mountains", "peaks"),
        "hills": ("hills", "rolling hills"),
        "plains": ("plains", "flat fields"),
        "lake": ("a lake", "a blue lake", "water"),
    },
    "sky": {
        "clear": ("clear sky", "a clear sky", "no clouds"),
        "cloudy": ("cloudy sky", "clouds", "white clouds"),
        "overcast": ("overcast sky", "overcast", "grey sky"),
    },
    "thing": {
        "house": ("house",),
        "tower": ("tower",),
        "tent": ("tent",),
        "balloon": ("balloon", "hot air balloon"),
    },
    "colour": {name: (name,) for name in ("red", "blue", "yellow", "white", "purple")},
    "place": {
        "left": ("on the left", "left"),
        "middle": ("in the middle", "in the centre"),
        "right": ("on the right", "right"),
    },
}
VALUES = {attribute: tuple(values) for attribute, values in WORDS.items()}
FILLERS = ("", "a landscape", "a painting of", "landscape,", "a scene:")


@dataclass(frozen=True)
class Scene:
    """One landscape.

    Attributes:
        season ... place: a value of `VALUES` each.
        seed: everything that no word names: the line of the hills, trees, clouds, stars.
    """

    season: str = "summer"
    time: str = "noon"
    terrain: str = "hills"
    sky: str = "cloudy"
    thing: str = "house"
    colour: str = "red"
    place: str = "middle"
    seed: int = 0

    def __post_init__(self):
        for name, values in VALUES.items():
            if getattr(self, name) not in values:
                wrong, known = getattr(self, name), ", ".join(values)
                raise ValueError(f"{name}: {wrong!r} is not known. Use one of: {known}.")

    def attributes(self) -> dict[str, str]:
        """Return attribute -> value, without the seed."""
        return {name: value for name, value in asdict(self).items() if name != "seed"}


def random_scene(rng: np.random.Generator) -> Scene:
    """Return a scene whose attributes are independent and evenly spread."""
    drawn = {name: str(rng.choice(values)) for name, values in VALUES.items()}
    return Scene(**drawn, seed=int(rng.integers(2**31)))


def caption(scene: Scene, rng: np.random.Generator | None = None, keep: float = 0.85) -> str:
    """Write a prompt for a scene.

    Args:
        rng: None = the plain wording, with every attribute; else wording, order and what is left
            out are drawn.
        keep: chance of an attribute to be named.
    """

    def say(attribute: str) -> str:
        ways = WORDS[attribute][getattr(scene, attribute)]
        return ways[0] if rng is None else str(rng.choice(ways))

    def named() -> bool:
        return rng is None or rng.uniform() < keep

    season = say("season") if named() else ""
    time = say("time") if named() else ""
    first = f"{season} {time}".strip()
    if rng is not None and season and time and rng.uniform() < 0.3:
        first = f"{season} landscape at {time}"
    thing = ""
    if named():
        colour = say("colour") + " " if named() else ""
        place = " " + say("place") if named() else ""
        thing = f"a {colour}{say('thing')}{place}"
    parts = [first, say("terrain") if named() else "", say("sky") if named() else "", thing]
    if rng is not None:
        rng.shuffle(parts)
        parts.insert(0, str(rng.choice(FILLERS)))
    return ", ".join(part for part in parts if part)
