"""A whole job on a stand-in host, from its page or its API, in the hosts' order."""

from __future__ import annotations

import base64
import io
import sys
import types
from types import SimpleNamespace

import numpy as np
import torch
from kind_jobs import DecodedSamples, ImageRNG, ScriptRunner
from PIL import Image

from diffdiff.settings.titles import control_of


def process_images(p):
    kind, scripts = p.kind, p.scripts
    if scripts is not None:
        scripts.before_process(p)
    model = sys.modules["modules.shared"].sd_model
    if kind.about.get("wan"):  # the batch size is a number of frames, four for each but the first
        p.batch_size = (p.batch_size - 1) // 4 * 4 + 1
    if hasattr(model, "fix_dimensions"):
        p.width, p.height = model.fix_dimensions(p.width, p.height)
    many = p.batch_size * p.n_iter
    p.all_prompts, p.all_negative_prompts = [p.prompt] * many, [p.negative_prompt] * many
    p.all_seeds = [p.seed + i for i in range(many)]
    p.all_subseeds = [0] * many
    if scripts is not None:
        scripts.process(p)
    p.init(p.all_prompts, p.all_seeds, p.all_subseeds)
    processed = SimpleNamespace(
        images=[],
        infotexts=[],
        index_of_first_image=0,
        samples=[],
        extra_generation_params=p.extra_generation_params,
    )
    if kind.state.job_count == -1:
        kind.state.job_count = p.n_iter
    for n in range(p.n_iter):
        processed.samples.append(_iteration(p, n, processed))
        kind.state.job_no += 1
    processed.comments = "".join(f"{comment}\n" for comment in p.comments)
    processed.info = processed.infotexts[0] if processed.infotexts else ""
    if scripts is not None:
        scripts.postprocess(p, processed)
    return processed


def _iteration(p, n, processed):
    model, scripts, p.iteration = p.sd_model, p.scripts, n
    for name in ("prompts", "negative_prompts", "seeds", "subseeds"):
        own = getattr(p, f"all_{name}")
        setattr(p, name, own[n * p.batch_size : (n + 1) * p.batch_size])
    frames = (1,) if getattr(model, "is_wan", False) else ()
    shape = (model.channels, *frames, p.height // p.kind.cell, p.width // p.kind.cell)
    p.rng = ImageRNG(shape, p.seeds, p.subseeds)
    if scripts is not None:
        scripts.process_batch(p, batch_number=n)
    negative = type("Prompts", (list,), {"is_negative_prompt": True})(p.negative_prompts)
    p.c, p.uc = (model.get_learned_conditioning(t) for t in (list(p.prompts), negative))
    if p.kind.name == "reforge":  # there it is not asked whether there are any
        next((script for script in p.scripts.alwayson_scripts if script.name == "sampling"), None)
    samples = p.sample(
        conditioning=p.c,
        unconditional_conditioning=p.uc,
        seeds=p.seeds,
        subseeds=p.subseeds,
        subseed_strength=p.subseed_strength,
        prompts=p.prompts,
    )
    decoded = isinstance(samples, DecodedSamples)
    pictures = torch.stack(samples) if decoded else model.decode_first_stage(samples)
    pictures = ((pictures + 1) / 2).clamp(0, 1)
    if scripts is not None:
        scripts.postprocess_batch(p, images=pictures, batch_number=n)
    pictures = pictures.movedim(1, -1).numpy()
    for i, array in enumerate(pictures):
        p.batch_index = i
        image = Image.fromarray((array * 255).astype(np.uint8))
        image = _finished(p, i, image)
        text = sys.modules["modules.processing"].create_infotext(p, p.prompts, p.seeds, None, i)
        image.info["parameters"] = text
        processed.images.append(image)
        processed.infotexts.append(text)
    return samples


def _finished(p, i, image):
    overlay = p.overlay_images[i] if p.overlay_images else None
    args = SimpleNamespace(overlay_image=overlay, mask_for_overlay=None)
    if p.scripts is not None:
        image = _through(p, "postprocess_image", image)
        p.scripts.postprocess_maskoverlay(p, args)
    if args.overlay_image is not None:
        if p.paste_to is not None:
            x, y, w, h = p.paste_to
            whole = Image.new("RGBA", overlay.size)
            whole.paste(image.resize((w, h), Image.LANCZOS), (x, y))
            image = whole
        image = image.convert("RGBA")
        image.alpha_composite(args.overlay_image)
        image = image.convert("RGB")
    return image if p.scripts is None else _through(p, "postprocess_image_after_composite", image)


def _through(p, hook, image):
    args = SimpleNamespace(image=image)
    getattr(p.scripts, hook)(p, args)
    return args.image


def main_thread(kind) -> types.ModuleType | None:
    """Forge's kin work on one thread; what a task raises is printed there, and its result is None.
    Forge keeps the exception, Forge Neo its text, reForge nothing."""
    if not kind.forge:
        return None
    module = types.ModuleType("modules_forge.main_thread")
    if kind.keeps_errors:
        module.last_exception = None

    class Task:
        def __init__(self, func, args, kwargs):
            self.func, self.args, self.kwargs, self.result = func, args, kwargs, None

        def work(self):
            self.result = self.func(*self.args, **self.kwargs)

    def run_and_wait_result(func, *args, **kwargs):
        task, error = Task(func, args, kwargs), None
        try:
            task.work()
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}" if kind.neo else raised
        if kind.keeps_errors:
            module.last_exception = error
        return task.result

    module.Task, module.run_and_wait_result = Task, run_and_wait_result
    return module


def page(p):
    """A job of the page: the pictures, and the text under them. Of an error it has the name of the
    class and the message."""
    thread = p.kind.thread

    def img2img():
        processed = p.scripts.run(p) or process_images(p)
        return processed.images, processed.comments

    try:
        pictures, told = list(thread.run_and_wait_result(img2img) if thread else img2img())
    except Exception as error:
        kept = getattr(thread, "last_exception", None) or error
        return [], kept if isinstance(kept, str) else f"{type(kept).__name__}: {kept}"
    return pictures, told


def api(p):
    """A job of the API: what it raises is the answer."""
    p.is_api = True
    return p.scripts.run(p) or process_images(p)


def new(kind, edit=None, own_script=None, **settings):
    """A job. edit: what the extension is sent; None: a host without it."""
    size = settings.pop("picture", (settings.get("width", 64), settings.get("height", 48)))
    rng = np.random.default_rng(7)
    array = rng.integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    images = settings.pop("init_images", [Image.fromarray(array)])
    make = sys.modules["modules.processing"].StableDiffusionProcessingImg2Img
    p = make(sd_model=kind.model, init_images=images, **settings)
    p.scripts = ScriptRunner()
    if own_script is not None:
        p.scripts.selectable_scripts.append(own_script)
    chosen = int(own_script is not None)
    p.script_args_value = (chosen,)
    if edit is not None:
        p.scripts.alwayson_scripts.append(kind.script())
        p.script_args_value = (chosen, edit)
    return p


def png(array) -> str:
    """A map as it is sent: floats in 0..1, `[H, W]`, to whole 16 bit greys."""
    data = io.BytesIO()
    Image.fromarray(np.round(np.asarray(array) * 65535).astype(np.uint16)).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


def flat(value, size=(64, 48)) -> str:
    return png(np.full((size[1], size[0]), value))


def columns(*values, size=(64, 48)) -> str:
    """A map of equally wide parts, from left to right."""
    row = np.repeat(np.array(values, float), size[0] // len(values))
    return png(np.tile(row, (size[1], 1)))


def words_on_page(error):
    """What a host's page writes of an error: fields by the names of their controls."""
    detail = str(error).removeprefix(error.field)
    return f"Differential Diffusion: {control_of(error.field)}{detail}"


def run_beside(kind, monkeypatch, network):
    """Let a module run with the host's model, and be what is taken for its network."""
    core = kind.model.core
    plain = core.apply_model

    def apply_model(x, *rest, **named):
        network(x)
        return plain(x, *rest, **named)

    monkeypatch.setattr(core, "apply_model", apply_model)
    own = sys.modules["diffdiff.webui.host_words"]
    monkeypatch.setattr(own, "network", lambda: network)
