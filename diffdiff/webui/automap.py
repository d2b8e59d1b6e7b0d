"""The maps of a job, or of a preview, whose source is not the painter."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from modules import images, shared
from PIL import Image

from ..images.placed import Place
from ..images.read import decode_picture
from ..maps import build, diffedit, geometry, word_product
from ..maps.layers import CLICK, WORDS, Layer
from ..maps.words import word_map
from ..settings.click import ClickArgs, parse_points
from ..settings.schema import EditArgs
from ..settings.sources import DiffEditArgs, WordsArgs
from ..settings.words import FIELD, parse_words
from . import click_job, controlnet, diffedit_job, host, host_words, pieces, words_job


class ModelRequired(Exception):
    """Raised where the model would have to be called."""


def of_job(
    p: Any, args: EditArgs, painted: list[np.ndarray], places: list[Place] | None = None
) -> list[np.ndarray]:
    """Make a map for every init image, float32 [H, W] of its size.

    Args:
        places: of pictures that are parts of others; then a map for each of those, made once.

    Raises:
        FieldError: what a source refuses.
    """
    prompt = p.prompt[0] if isinstance(p.prompt, list) else p.prompt
    if places is not None:
        return [
            _of_root(root, p, args, prompt, painted[i if len(painted) > 1 else 0 :][:1])
            for i, root in enumerate(pieces.roots_of(places))
        ]
    maps = []
    for i, image in enumerate(p.init_images):
        options: dict[str, Any] = {
            "prompt": prompt,
            "width": p.width,
            "height": p.height,
            "styles": tuple(p.styles or ()),
            "override_settings": dict(p.override_settings or {}),
            "further": host.further_settings(p),
            "mask": mask_of_job(p.image_mask, p.inpainting_mask_invert),
            "painted": painted[i if len(painted) > 1 else 0] if painted else None,
        }
        maps.append(of_picture(image, args, **options))
    return maps


def _of_root(
    root: pieces.Root, p: Any, args: EditArgs, prompt: str, painted: list[np.ndarray]
) -> np.ndarray:
    """Return the map of a picture that a script works on in parts."""
    key = repr((args, prompt, p.styles))
    if key not in root.maps:
        root.maps[key] = of_picture(
            root.picture,
            args,
            prompt=prompt,
            width=root.picture.width,
            height=root.picture.height,
            styles=tuple(p.styles or ()),
            override_settings=dict(p.override_settings or {}),
            further=host.further_settings(p),
            mask=mask_of_job(root.mask, p.inpainting_mask_invert),
            painted=painted[0] if painted else None,
        )
    return root.maps[key]


def of_picture(
    image: Image.Image,
    args: EditArgs,
    prompt: str,
    width: int,
    height: int,
    styles: tuple[str, ...] = (),
    override_settings: dict[str, Any] | None = None,
    further: dict[str, Any] | None = None,
    mask: np.ndarray | None = None,
    painted: np.ndarray | None = None,
    ask: bool = True,
) -> np.ndarray:
    """Make the map of one picture, float32 [H, W] of its size, before it is shaped.

    Args:
        prompt: prompt of the run, the query where there is no other; styles: names of its styles.
        width, height: size of the run, pixels.
        further: settings of the job that the model's answer depends on.
        mask: white where it is, painted: the painter's map; float32 [h, w] in 0..1.
        ask: False to raise `ModelRequired` where the model would be needed.

    Raises:
        FieldError: what a source refuses.
    """
    image = image if image.mode in ("RGB", "RGBA") else image.convert("RGBA")
    flat = images.flatten(image, shared.opts.img2img_background_color)

    def read(
        text: str,
        phrases: tuple[str, ...],
        level: float,
        count: int,
        seed: int,
        field: str = FIELD,
    ) -> np.ndarray:
        query = words_job.WordsQuery(
            flat,
            text,
            phrases,
            width,
            height,
            level,
            count,
            seed,
            host_words.networks_of(prompt),
            override_settings,
            further,
            field,
        )
        answer = words_job.found(query, ask)
        if answer is None:
            raise ModelRequired
        return answer.claims

    def of_words(layer: Layer, args: WordsArgs) -> np.ndarray:
        words = parse_words(layer.own.get("words", ""))
        noises = args.words_level, args.words_noises, args.words_seed
        claims = read(words.prompt, words.phrases, *noises)
        return word_map(claims, words, np.asarray(flat), args.words_edges)

    def of_clicks(layer: Layer, args: ClickArgs) -> np.ndarray:
        clicks = parse_points(layer.own.get("points", ""), flat.size)
        look = click_job.found(
            flat,
            width,
            height,
            args.points_level,
            args.points_noises,
            args.points_seed,
            host_words.networks_of(prompt),
            override_settings,
            further,
            ask,
        )
        if look is None:
            raise ModelRequired
        return look.region(clicks, args.points_edges)

    def find(layer: Layer) -> np.ndarray:
        # a layer's source decides which settings it has
        if layer.source == WORDS:
            return of_words(layer, cast(WordsArgs, layer.finding))
        if layer.source == CLICK:
            return of_clicks(layer, cast(ClickArgs, layer.finding))
        args = cast(DiffEditArgs, layer.finding)
        reference = layer.own.get("reference", "")
        layer_query = layer.own.get("query", "").strip()
        word = word_product.word_factor(args, reference, layer_query or prompt)
        query = diffedit_job.DiffEditQuery(
            flat,
            reference,
            layer_query or prompt,
            width,
            height,
            () if layer_query else styles,
            override_settings,
            further,
        )
        stack = diffedit_job.differences(query, args, ask)
        if stack is None:
            raise ModelRequired
        if word is None:
            return diffedit.finished(stack, image.size, args)
        noises = word_product.LEVEL, word_product.NOISES, args.diffedit_seed
        claims = read(word.prompt, word.words.phrases, *noises, field=word.field)
        return word_product.finished(stack, claims, word, np.asarray(flat), args)

    def annotate(name: str) -> np.ndarray:
        answer = controlnet.annotate(name, np.asarray(flat), ask)
        if answer is None:
            raise ModelRequired
        return answer

    inputs = build.Given(
        np.asarray(flat),
        geometry.decode,
        lambda text, name: np.asarray(decode_picture(text, name).convert("RGB")),
        np.asarray(image) if image.mode == "RGBA" and _has_transparency(image) else None,
        painted,
        mask,
        find,
        annotate,
    )
    return build.render(args, inputs)


def mask_of_job(mask: Image.Image | None, inverted: bool | int) -> np.ndarray | None:
    """Return the host's inpaint mask, white where masked: float32 [H, W]; None where nothing is
    masked.

    In a picture with alpha that is the mask, as in the host's own reading.
    """
    if mask is None:
        return None
    gray = (
        mask.getchannel("A")
        if mask.mode == "RGBA" and _has_transparency(mask)
        else mask.convert("L")
    )
    m = none_if_empty((np.asarray(gray) >= 128).astype(np.float32))
    return geometry.invert(m) if inverted and m is not None else m


def decode_mask(data: str | None, inverted: bool = False) -> np.ndarray | None:
    """Decode a mask from base64 or a data URL, white where masked: float32 [H, W]; None where
    nothing is masked. inverted: by the tab's mask mode.

    Raises:
        FieldError: "mask".
    """
    mask = none_if_empty(geometry.decode(data, "mask")) if data else None
    return geometry.invert(mask) if inverted and mask is not None else mask


def none_if_empty(mask: np.ndarray) -> np.ndarray | None:
    """Return the mask; None for an empty canvas, which is not a mask."""
    return mask if mask.any() else None


def _has_transparency(image: Image.Image) -> bool:
    lowest, _ = cast("tuple[int, int]", image.getchannel("A").getextrema())  # of one channel
    return lowest < 255
