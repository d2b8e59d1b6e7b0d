"""Settings, whole requests, presets, pasted parameters, and the way from a map to a ladder."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np

from diffdiff.edit import plan
from diffdiff.edit import request as intake
from diffdiff.maps import embedded, layers, shaping
from diffdiff.maps import geometry as maps
from diffdiff.sampling.start_steps import DIFFUSERS, NEVER, WEBUI
from diffdiff.settings import infotext
from diffdiff.settings.click import ClickArgs
from diffdiff.settings.schema import EditArgs, fields, parse
from diffdiff.settings.source_registry import LAYER, layer_inputs
from diffdiff.settings.sources import DiffEditArgs, SourceArgs, WordsArgs

from .pictures import damaged, file, is_map, sent
from .values import deep, wild, words
from .watch import Case

MODELS = (EditArgs, SourceArgs, DiffEditArgs, WordsArgs, ClickArgs)
KNOWN = frozenset(name for model in MODELS for name in fields(model))
GEOMETRY = frozenset(["resize_mode", "width", "height", "black", "white", "gamma"])


def likely(rng: random.Random, model: type = EditArgs) -> dict[str, Any]:
    """Settings of which each is allowed; together they may still not go."""
    chosen = {}
    for name, info in fields(model).items():
        if name in ("map", "fan_strengths", "box") or rng.random() < 0.5:
            continue
        if info["choices"]:
            chosen[name] = rng.choice(info["choices"])
        elif info["type"] is bool:
            chosen[name] = rng.choice([True, False])
        elif info["low"] is not None:
            low, high = info["low"], info["high"]
            whole = info["type"] is int
            chosen[name] = rng.randint(low, high) if whole else rng.uniform(low, high)
    if model is EditArgs and rng.random() < 0.2:
        count = rng.randint(1, 18)
        chosen["fan_strengths"] = rng.choice(
            [
                [round(rng.random(), rng.randint(1, 8)) for _ in range(count)],
                ", ".join(f"{rng.random():.3f}" for _ in range(count)),
            ]
        )
    return chosen


def usual(rng: random.Random) -> EditArgs:
    """Settings that go together."""
    chosen = likely(rng)
    chosen["black"], chosen["white"] = rng.choice([(0.0, 1.0), (0.2, 0.7), (0.499, 0.5)])
    chosen["fan_low"], chosen["fan_high"] = rng.choice([(0.0, 1.0), (0.3, 0.6)])
    chosen.pop("fan_strengths", None)
    if chosen.get("area") == "changed":
        chosen["mode"] = "edit"  # no other works on a part
    if chosen.get("mode") == "sheet" or chosen.get("levels") == "fine":
        chosen.pop("anchor", None)  # not every one works there
    return parse(chosen)


def settings(rng: random.Random) -> Case:
    model = rng.choice(MODELS)
    request: Any = likely(rng, model)
    for _ in range(rng.choice([0, 0, 1, 2])):
        name = rng.choice(list(fields(model))) if rng.random() < 0.8 else words(rng)[:40]
        request[name] = wild(rng)
    if rng.random() < 0.05:
        request = wild(rng)
    names = KNOWN | {"args"} | set(map(str, request) if isinstance(request, dict) else ())
    return Case("settings", lambda: parse(request, model), names, lambda a: isinstance(a, model))


def request(rng: random.Random) -> Case:
    """The way of a request in the WebUI: maps and settings in, shaped maps out."""
    one = likely(rng)
    given = [sent(rng, file(rng)) for _ in range(rng.choice([0, 1, 1, 3]))]
    if given and rng.random() < 0.5:
        given[-1] = damaged(rng, file(rng))
    if rng.random() < 0.1:
        given = [wild(rng)]
    if rng.random() < 0.3:
        one[rng.choice(list(fields()))] = wild(rng)
    one.pop("map", None)

    def run() -> list[np.ndarray]:
        asked = intake.read({**one, "map": given})
        return [shaping.shape(m, asked[0]) for m in asked[1]] if asked else []

    return Case("request", run, KNOWN | {"args"}, lambda shaped: all(map(is_map, shaped)))


def preset(rng: random.Random) -> Case:
    told: Any = {
        "name": words(rng)[:30],
        "layers": [_layer(rng) for _ in range(rng.choice([0, 1, 1, 2, 3, 33]))],
    }
    if rng.random() < 0.3:
        told = _changed(rng, told)
    names = frozenset(["layers"])

    def good(result: Any) -> bool:
        return layers.loads(layers.dumps(result)) == result

    if rng.random() < 0.4:
        return Case("preset, read", lambda: layers.read(told), names)
    try:
        text = json.dumps(told, default=str)
    except (RecursionError, ValueError):
        text = "[" * 10**5
    if rng.random() < 0.3:
        at = rng.randrange(len(text))
        text = text[:at] + words(rng)[:9] + text[at + rng.randint(0, 9) :]
    if rng.random() < 0.03:
        text = rng.choice(['{"layers":' * 10**5, "[" * 10**5, "", "9" * 10**4])
    return Case("preset, text", lambda: layers.loads(text), names, good)


def _layer(rng: random.Random) -> dict[str, Any]:
    one: dict[str, Any] = {"source": rng.choice(LAYER)}
    if rng.random() < 0.5:
        one |= {"blend": rng.choice(layers.BLENDS), "opacity": rng.random()}
    shaping = likely(rng)
    one |= {name: shaping[name] for name in layers.SHAPING if name in shaping}
    if one.get("black", 0) >= one.get("white", 1) and rng.random() < 0.9:
        one |= {"black": 0.1, "white": 0.9}
    for name in layer_inputs(one["source"]):
        if rng.random() < 0.9:
            one[name] = f"{name}.png"
    if rng.random() < 0.1:
        one[rng.choice([*sorted(KNOWN), "blend", "opacity", "value", "source"])] = wild(rng)
    return one


def _changed(rng: random.Random, told: dict) -> Any:
    way = rng.randrange(4)
    if way == 0:
        return wild(rng)
    if way == 1:
        return {**told, words(rng)[:10]: wild(rng)}
    if way == 2:
        return {**told, rng.choice(["name", "layers"]): wild(rng)}
    return {**told, "layers": [*told["layers"], rng.choice([wild(rng), deep(5000)])]}


def a_map(rng: random.Random) -> np.ndarray:
    """float32 [H, W] in 0..1, 2 to 64 pixels a side: even, two values, a slope, or noise."""
    height, width = rng.randint(2, 64), rng.randint(2, 64)
    numbers = np.random.default_rng(rng.getrandbits(32))
    way = rng.randrange(4)
    if way == 0:
        return np.full((height, width), rng.choice([0.0, 1.0, rng.random()]), np.float32)
    if way == 1:
        return (numbers.random((height, width)) < rng.random()).astype(np.float32)
    if way == 2:
        return np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1))
    return numbers.random((height, width), np.float32)


def preparing(rng: random.Random) -> Case:
    """From a map to the ladder of a run."""
    m, args = a_map(rng), usual(rng)
    steps = rng.choice([1, 2, 20, 150, rng.randint(1, 1000)])
    last, scale = steps - rng.randint(1, 2), rng.choice([1.0, rng.uniform(0.01, 20)])
    slider, strength = rng.randint(0, steps), rng.choice([0.0, 1.0, rng.random()])
    rule = rng.choice([WEBUI, DIFFUSERS])

    def run() -> tuple:
        shaped = shaping.shape(m, args, scale)
        edit = plan.EditPlan(shaped, args, strength, steps, last, rule)
        ladder, first = edit.start_steps(slider)
        return shaped, edit.strengths, ladder, first, edit.untouched, edit.paste_limit

    def sound(result: tuple) -> bool:
        shaped, s, ladder, first, kept, fade = result
        order = np.argsort(s, axis=None, kind="stable")
        falls = bool((np.diff(ladder.start.ravel()[order].astype(int)) <= 0).all())
        steady = falls or ladder.weight is not None
        started = ladder.start[ladder.start != NEVER]
        inside = not started.size or 0 <= started.min() <= started.max() <= last
        within = first is None or 0 <= first <= max(steps, slider)
        made = is_map(shaped) and is_map(fade) and kept.dtype == bool
        return made and steady and inside and within

    return Case("prepare", run, KNOWN, sound)


def fan(rng: random.Random) -> Case:
    args = usual(rng)
    width, height, cell = rng.randint(0, 200), rng.randint(1, 200), rng.choice([1, 4, 8, 16])
    base = maps.resize(a_map(rng), max(1, width), height) if rng.random() < 0.9 else None
    names = KNOWN | {"size"}

    def sound(made: Any) -> bool:
        within = 0 <= made.map.min() <= made.map.max() <= 1
        return within and made.map.shape == made.labels.shape == (height, width)

    return Case("fan", lambda: plan.make_fan(args, width, height, base, cell), names, sound)


def geometry(rng: random.Random) -> Case:
    """A map that follows its picture, at sizes of all kinds."""
    m = a_map(rng)
    usual, sides = (2, 64, 100, 511, 700), (-1, 0, 1, 2, 3, 16384, 700)
    width, height = (rng.choice(usual if rng.random() < 0.8 else sides[:5]) for _ in range(2))
    size = [rng.choice(usual if rng.random() < 0.8 else sides) for _ in range(2)]
    mode = rng.choice([0, 1, 2, 3]) if rng.random() < 0.9 else rng.choice([4, -1, None, "1"])

    def run() -> np.ndarray:
        stretched = maps.levels(m, *values)
        return maps.follow(stretched, mode, size, width, height)

    values = rng.choice([(0.0, 1.0, 1.0), (0.2, 0.4, 2.0), (rng.random(), rng.random(), 1.0)])
    if rng.random() < 0.2:
        values = rng.choice([*values, 10**400, float("nan"), 1e308]), 1.0, rng.choice([1.0, 0, -1])

    def sound(out: np.ndarray) -> bool:
        return out.shape == (height, width) and 0 <= out.min() <= out.max() <= 1

    return Case("geometry", run, GEOMETRY, sound)


def pasted(rng: random.Random) -> Case:
    """Generation parameters of a picture from anywhere: text to text."""
    field = rng.choice(list(fields()))
    params = {infotext.ENABLED: "True"}
    for name in fields():
        if rng.random() < 0.5:
            params[infotext.key(name)] = str(wild_text(rng))
    default = fields()[field]["default"]
    right = str if default is None else type(default)  # a box that may be empty holds text

    def sound(value: Any) -> bool:
        return isinstance(value, float if field == "soften_radius" else right)

    names = frozenset([field])
    return Case("parameters", lambda: infotext.reader(field)(params), names, sound, True)


def wild_text(rng: random.Random) -> str:
    value = wild(rng, depth=4)
    return "1" * 5000 if isinstance(value, int) and abs(value) > 10**4000 else str(value)


def carried(rng: random.Random) -> Case:
    """The map that travels in a picture, whole and damaged."""
    m = a_map(rng)
    text = embedded.pack(m, rng.choice([512, 2000, 65536]))
    whole = rng.random() < 0.3
    for _ in range(0 if whole else rng.randint(1, 3)):
        at = rng.randrange(len(text) + 1)
        text = text[:at] + words(rng)[: rng.choice([0, 1, 9])] + text[at + rng.randint(0, 9) :]
    if not whole and rng.random() < 0.2:
        text = wild(rng)
    return Case("chunk", lambda: embedded.unpack(text), frozenset(["map"]), is_map, whole or None)
