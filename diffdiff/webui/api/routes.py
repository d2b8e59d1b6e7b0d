"""Endpoints of the host's API: `/diffdiff/v1/...`, behind its `--api` and `--api-auth`."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from fastapi import Body
from fastapi.responses import JSONResponse
from PIL import Image

from ... import __version__
from ...edit.plan import EditPlan
from ...edit.releases import releases
from ...errors import FieldError
from ...images.data_url import map_url
from ...images.read import decode_picture
from ...maps import diffedit, geometry, word_product
from ...maps.build import wanted
from ...maps.inpaint_mask import Work
from ...maps.overlay import overlay
from ...maps.shaping import shape
from ...maps.words import word_map
from ...metrics import adherence
from ...settings.click import parse_points
from ...settings.preset import completed
from ...settings.schema import EditArgs, fields, parse, schema_of
from ...settings.sources import DiffEditArgs
from ...settings.words import parse_words
from .. import automap, click_job, diffedit_job, schedules, words_job
from ..panel import preview
from .schemas import (
    AdherenceRequest,
    ClickRequest,
    DiffEditRequest,
    PreviewRequest,
    WordsRequest,
    read,
)

ROOT = "/diffdiff/v1"
VERSION = 1  # of the endpoints: what is there stays as it is
MODEL_OF_HOST = "/sdapi/v1/img2img"


def register(demo: Any, app: Any) -> None:
    """Add the endpoints, with the host's own authentication; none without `--api`."""
    host_routes = [r for r in app.router.routes if getattr(r, "path", "") == MODEL_OF_HOST]
    if not host_routes:
        return
    guards = list(host_routes[0].dependencies)

    def add(path: str, work: Callable[..., dict[str, Any]], request: Any = None) -> None:
        options = {
            "methods": ["POST" if request else "GET"],
            "dependencies": guards,
            "tags": ["Differential Diffusion"],
            "summary": (work.__doc__ or "").split("\n")[0],
            "name": path.replace("/", " "),
        }
        if request is None:
            app.add_api_route(ROOT + path, lambda: work(), **options)
            return

        def endpoint(body: Any = Body(None)) -> Any:  # noqa: B008
            try:
                return work(read(body, request))
            except FieldError as error:
                return refusal(error)

        content = {"application/json": {"schema": schema_of(request)}}
        extra = {"requestBody": {"content": content, "required": True}}
        app.add_api_route(ROOT + path, endpoint, openapi_extra=extra, **options)

    add("/version", version)
    add("/schema", schema)
    add("/map/preview", map_preview, PreviewRequest)
    add("/map/diffedit", map_diffedit, DiffEditRequest)
    add("/map/words", map_words, WordsRequest)
    add("/map/click", map_click, ClickRequest)
    add("/metrics/adherence", metrics_adherence, AdherenceRequest)


def refusal(error: FieldError) -> JSONResponse:
    """Return a 422 response in the form of the host's own errors, with the message's three
    parts."""
    content = {
        "error": "FieldError",
        "detail": error.detail,
        "field": error.field,
        "problem": error.problem,
        "remedy": error.remedy,
    }
    return JSONResponse(content, 422)


def version() -> dict[str, Any]:
    """Get the version of the extension and of these endpoints"""
    return {"version": __version__, "api": VERSION}


def schema() -> dict[str, Any]:
    """Get the JSON schema of the settings, as `alwayson_scripts` takes them"""
    return schema_of(EditArgs)


def map_preview(request: PreviewRequest) -> dict[str, Any]:
    """Preview a map as a run would use it: shaped, with its start steps, over the image"""
    settings = dict(request.args or {})
    painted = settings.pop("map", None)
    if isinstance(painted, (list, tuple)):
        painted = painted[0] if painted else None
    args = parse(completed({**settings, "enabled": True}))
    painted = geometry.decode(painted) if painted is not None else None
    picture = decode_picture(request.image) if request.image else None
    if picture is None and wanted(args):
        remedy = "Send the picture that the map is read off"
        raise FieldError("image", f"source {args.source} needs a picture", remedy)
    context = None if picture is None else _context(request, picture)
    if context is not None:
        size = context.picture.size
        change_map = preview.map_for_preview(context, args, painted)
        shaped = preview.effective_map(context, args, change_map)
    elif painted is not None:
        size = painted.shape[1], painted.shape[0]
        shaped = shape(painted, args)
    else:
        raise FieldError("map", "there is no change map", "Send one in args, or use a source")
    steps = request.steps
    edit = EditPlan(shaped, args, request.denoising_strength, steps, steps - 1)
    summary = releases(edit)
    response: dict[str, Any] = {
        "size": list(size),
        "map": encode_map(shaped),
        "mean": float(shaped.mean()),
        "lowest": float(shaped.min()),
        "highest": float(shaped.max()),
        "steps": summary.steps,
        "kept": summary.kept,
        "levels": len(summary.rungs),
        "ladder": summary.rungs,
        "release": encode_picture(summary.picture),
    }
    if context is not None:
        starts = preview.starts_of(context, args, shaped)
        response["starts"] = [start._asdict() for start in starts]
        flat = np.asarray(context.picture.convert("RGB"))
        response["overlay"] = encode_picture(
            overlay(flat, np.clip(edit.strengths, 0, 1).astype(np.float32))
        )
    return response


def _context(request: PreviewRequest, picture: Image.Image) -> preview.PreviewContext:
    """Return what a request's preview is made from."""
    width, height = request.width or picture.width, request.height or picture.height
    inputs = {
        "prompt": request.prompt,
        "width": width,
        "height": height,
        "mask": automap.decode_mask(request.mask, request.inpainting_mask_invert == 1),
    }
    padding = request.inpaint_full_res_padding if request.inpaint_full_res else None
    work = Work(width, height, request.resize_mode, padding)
    run = schedules.run_settings(vars(request) | {"sampler": request.sampler_name, **inputs})
    return preview.PreviewContext(picture, request.denoising_strength, inputs, work, run)


def map_diffedit(request: DiffEditRequest) -> dict[str, Any]:
    """Find the change map between two prompts (DiffEdit), with the loaded checkpoint"""
    began = time.perf_counter()
    flat = decode_picture(request.image).convert("RGB")
    settings = {name: getattr(request, name) for name in fields(DiffEditArgs)}
    args = parse(settings, DiffEditArgs)
    size = request.width or flat.width, request.height or flat.height
    query = diffedit_job.DiffEditQuery(flat, request.reference, request.query, *size)
    word = word_product.word_factor(args, request.reference, request.query)
    stack, calls = preview.on_the_model(lambda: diffedit_job.found(query, args))
    if word is None:
        return _map_response(diffedit.finished(stack, flat.size, args), calls, began)
    noises = word_product.LEVEL, word_product.NOISES, args.diffedit_seed
    words = words_job.WordsQuery(
        flat, word.prompt, word.words.phrases, *size, *noises, field=word.field
    )
    claims, more = preview.on_the_model(lambda: words_job.found(words))
    found = word_product.finished(stack, claims, word, np.asarray(flat), args)
    return _map_response(found, calls + more, began)


def map_words(request: WordsRequest) -> dict[str, Any]:
    """Find the change map of some words, with the loaded checkpoint"""
    began = time.perf_counter()
    flat = decode_picture(request.image).convert("RGB")
    words = parse_words(request.words)
    size = request.width or flat.width, request.height or flat.height
    noises = request.words_level, request.words_noises, request.words_seed
    query = words_job.WordsQuery(flat, words.prompt, words.phrases, *size, *noises)
    claims, calls = preview.on_the_model(lambda: words_job.found(query))
    return _map_response(
        word_map(claims, words, np.asarray(flat), request.words_edges), calls, began
    )


def map_click(request: ClickRequest) -> dict[str, Any]:
    """Find what belongs to points in an image, with the loaded checkpoint"""
    began = time.perf_counter()
    flat = decode_picture(request.image).convert("RGB")
    clicks = parse_points(request.points, flat.size)
    size = request.width or flat.width, request.height or flat.height
    noises = request.points_level, request.points_noises, request.points_seed
    seen = click_job.found(flat, *size, *noises, ask=False)
    if seen is None:
        seen = preview.on_the_model(lambda: click_job.found(flat, *size, *noises))
    return _map_response(seen.region(clicks, request.points_edges), seen.calls, began)


def _map_response(found: np.ndarray, calls: int, began: float) -> dict[str, Any]:
    return {
        "size": [found.shape[1], found.shape[0]],
        "map": encode_map(found),
        "mean": float(found.mean()),
        "calls": calls,
        "seconds": time.perf_counter() - began,
    }


def metrics_adherence(request: AdherenceRequest) -> dict[str, Any]:
    """Measure how well a result follows its map: CAM, DAM, change by strength and outside"""
    before, after = (
        np.asarray(decode_picture(value, name).convert("RGB"))
        for value, name in ((request.before, "before"), (request.after, "after"))
    )
    height, width = before.shape[:2]
    m = geometry.resize(geometry.decode(request.map), width, height)
    return adherence.adherence(before, after, m, bins=request.bins)


def encode_map(m: np.ndarray) -> str:
    """Encode a map [H, W] in 0..1 as base64 of a 16-bit PNG."""
    return map_url(np.clip(m, 0, 1)).partition(",")[2]


def encode_picture(picture: np.ndarray) -> str:
    """Encode a picture uint8 [H, W, 3] as base64 of a PNG."""
    _, data = cv2.imencode(".png", picture[..., ::-1])
    return base64.b64encode(data.tobytes()).decode("ascii")
