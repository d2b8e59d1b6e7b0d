"""A small stand-in for the host: only what the adapter uses, with A1111's own rules.

It proves the adapter's logic without a WebUI; `tests/hosts` proves the same on the real ones.
"""

import sys
import types
from contextlib import nullcontext
from types import SimpleNamespace

import kind_samplers
import numpy as np
import pytest
import torch
from kind_jobs import only_masked
from kinds import KINDS, install
from PIL import Image, ImageOps

from diffdiff.lru import LruCache


class Interrupted(BaseException):
    pass


def module(name: str, **content) -> types.ModuleType:
    made = types.ModuleType(name)
    made.__dict__.update(content)
    return made


def setup_img2img_steps(p, steps=None):
    shared = sys.modules["modules.shared"]
    if shared.opts.img2img_fix_steps or steps is not None:
        requested = steps or p.steps
        steps = int(requested / min(p.denoising_strength, 0.999)) if p.denoising_strength else 0
        return steps, requested - 1
    return p.steps, int(min(p.denoising_strength, 0.999) * p.steps)


def encoded(tensor):
    """A VAE in short: `[B, 3, H, W]` in 0..1 -> `[B, 4, H/8, W/8]`."""
    small = torch.nn.functional.avg_pool2d(tensor, 8) * 4 - 2
    return torch.cat([small, small[:, :1]], 1)


def fill(image, mask):
    return Image.composite(Image.new("RGB", image.size, "gray"), image, mask)


def parameters_of(text):
    """The host's parser, in short."""
    return dict(part.split(": ", 1) for part in text.splitlines()[-1].split(", "))


def random_tensors(shape, seeds):
    made = [torch.randn(shape, generator=torch.Generator().manual_seed(s)) for s in seeds]
    return torch.stack(made)


class Component:
    def __init__(self, *args, **kwargs):
        self.value = kwargs.get("value", args[0] if args else None)
        self.label = kwargs.get("label")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def input(self, function, inputs, outputs, **kwargs):
        """What a person chose; nobody does here."""

    click = change = input


@pytest.fixture
def host(monkeypatch):
    """Installs the stand-in and imports the extension against it."""
    return installed(monkeypatch)


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS)
def running(request):
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield started(request.param.start(), monkeypatch)


@pytest.fixture
def kind(running):
    """Each of the four hosts, with each kind of model that it has."""
    install(running.fresh(), sys.modules)
    forget()
    yield running
    kind_samplers.torch = torch  # the hosts change it and leave it so


def forget():
    """Empty the extension's caches: what another test has found is not known to this one."""
    for name, extension in list(sys.modules.items()):
        if name.startswith("diffdiff.webui"):
            for value in vars(extension).values():
                if isinstance(value, LruCache):
                    value.clear()


@pytest.fixture
def start(monkeypatch):
    """Starts the host that a test names."""
    monkeypatch.setattr(kind_samplers, "torch", torch)
    return lambda kind: started(kind.start(), monkeypatch)


def started(kind, monkeypatch):
    kind.host = installed(monkeypatch, kind)
    return kind


def installed(monkeypatch, kind=None):
    opts = SimpleNamespace(
        img2img_fix_steps=False,
        img2img_extra_noise=0.0,
        uni_pc_order=3,
        img2img_background_color="#ffffff",
        sd_vae_encode_method="Full",
    )
    shared = module(
        "modules.shared",
        opts=opts,
        sd_model=SimpleNamespace(),
        parallel_processing_allowed=True,
        state=SimpleNamespace(current_latent=None),
        device="cpu",
    )
    stored = []
    common = module(
        "modules.sd_samplers_common",
        setup_img2img_steps=setup_img2img_steps,
        store_latent=stored.append,
        approximation_indexes={"Full": 0},
        images_tensor_to_samples=lambda tensor, how, model: encoded(tensor),
    )
    devices = module(
        "modules.devices", autocast=nullcontext, dtype_vae=torch.float32, torch_gc=lambda: None
    )
    masking = module("modules.masking", fill=fill)
    processing = module(
        "modules.processing",
        create_binary_mask=lambda image: image.convert("L"),
        create_random_tensors=random_tensors,
        process_images=None,
        create_infotext=None,
        StableDiffusionProcessingImg2Img=Job,
    )
    samplers = module("modules.sd_samplers", create_sampler=lambda name, model: Sampler())
    utils = module("modules.infotext_utils", parse_generation_parameters=parameters_of)
    callbacks = module("modules.script_callbacks")
    for name in ("on_script_unloaded", "on_ui_settings", "on_before_image_saved", "on_app_started"):
        setattr(callbacks, name, lambda function: None)
    images = module(
        "modules.images",
        flatten=lambda image, colour: image.convert("RGB"),
        resize_image=lambda mode, image, w, h: image.resize((w, h), Image.LANCZOS),
    )
    scripts = module(
        "modules.scripts",
        Script=type("Script", (), {}),
        AlwaysVisible=object(),
        scripts_data=[],
        ScriptRunner=type("ScriptRunner", (), {}),
    )
    components = module("modules.ui_components", InputAccordion=Component)
    gradio = module("gradio", components=SimpleNamespace(Component=Component))
    for name in (
        "Image",
        "HTML",
        "Accordion",
        "Radio",
        "Checkbox",
        "Slider",
        "Textbox",
        "Number",
        "Dropdown",
        "Group",
        "Row",
        "Button",
        "State",
    ):
        setattr(gradio, name, type(name, (Component,), {}))
    gradio.update = dict
    queue = module("modules.call_queue", queue_lock=nullcontext())
    networks = module("modules.extra_networks", parse_prompt=lambda prompt: (prompt, {}))
    parent = module("modules")
    known = {
        "modules": parent,
        "modules.shared": shared,
        "modules.sd_samplers_common": common,
        "modules.sd_samplers": samplers,
        "modules.images": images,
        "modules.scripts": scripts,
        "modules.devices": devices,
        "modules.masking": masking,
        "modules.processing": processing,
        "modules.ui_components": components,
        "gradio": gradio,
        "modules.call_queue": queue,
        "modules.extra_networks": networks,
        "modules.script_callbacks": callbacks,
        "modules.infotext_utils": utils,
        "modules.prompt_parser": module("modules.prompt_parser", SdConditioning=list),
    }
    if kind is not None:
        install(kind, known, new=True)
    for name, part in known.items():
        monkeypatch.setitem(sys.modules, name, part)
        if name.startswith("modules."):
            setattr(parent, name.split(".")[1], part)
    for name in [n for n in sys.modules if n.startswith("diffdiff.webui")]:
        monkeypatch.delitem(sys.modules, name)
    from diffdiff.webui import host, infotext, script
    from diffdiff.webui.job import inpaint, sampler_hook, session
    from diffdiff.webui.panel import panel

    return SimpleNamespace(
        opts=opts,
        shared=shared,
        adapter=sampler_hook,
        infotext=infotext,
        panel=panel,
        script=script,
        inpaint=inpaint,
        webui=host,
        session=session,
        stored=stored,
    )


def sample_euler(model, x, sigmas, extra_args=None, callback=None, s_churn=0.0):
    for s, s_next in zip(sigmas[:-1], sigmas[1:]):
        answer = model(x, s * x.new_ones(len(x)), **(extra_args or {}))
        x = x + (x - answer) / s * (s_next - s)
    return x


class Denoiser(torch.nn.Module):
    def __init__(self, sampler):
        super().__init__()
        self.sampler, self.step, self.mask, self.nmask = sampler, 0, "host mask", "host nmask"
        self.fail_at = None

    def forward(self, x, sigma, cond=None, image_cond=None):
        assert self.mask is None, "the host's own blends must not run"
        if self.fail_at == self.step:
            raise Interrupted
        self.step += 1
        self.sampler.last_latent = (x * 1.1).sin()
        sys.modules["modules.shared"].state.current_latent = self.sampler.last_latent
        return self.sampler.last_latent


class Sampler:
    """A1111's KDiffusionSampler, in short."""

    def __init__(self, func=sample_euler):
        self.func = func
        self.model_wrap = SimpleNamespace()
        self.model_wrap_cfg = Denoiser(self)
        self.last_latent = None
        self.ran = 0

    def get_sigmas(self, p, steps):
        return torch.cat([torch.linspace(2.6, -3.0, steps).exp(), torch.zeros(1)])

    def sample_img2img(self, p, x, noise, cond, uncond, steps=None, image_conditioning=None):
        steps, t_enc = setup_img2img_steps(p, steps)
        self.seen = (steps, t_enc, p.denoising_strength)
        sigmas = self.get_sigmas(p, steps)[steps - t_enc - 1 :]
        self.ran, self.last_latent = len(sigmas) - 1, x
        try:
            return self.func(self.model_wrap_cfg, x + noise * sigmas[0], sigmas=sigmas)
        except Interrupted:
            return self.last_latent


class Job:
    """A1111's StableDiffusionProcessingImg2Img, in short."""

    def __init__(self, strength=0.75, steps=20, batch=1, size=(64, 48)):
        rng = np.random.default_rng(0)
        w, h = self.width, self.height = size
        picture = rng.integers(0, 256, (h, w, 3)).astype(np.uint8)
        self.init_images = [Image.fromarray(picture)]
        self.denoising_strength, self.steps, self.batch_size = strength, steps, batch
        self.resize_mode, self.paste_to, self.image_mask, self.nmask = 0, None, None, None
        self.mask_blur_x = self.mask_blur_y = 4
        self.mask_round, self.inpaint_full_res, self.inpaint_full_res_padding = True, False, 0
        self.inpainting_fill, self.inpainting_mask_invert = 1, 0
        self.scripts, self.script_args_value, self.sd_model = None, (), None
        self.all_seeds = list(range(batch))
        self.extra_generation_params, self.comments = {}, []
        self.sampler = Sampler()
        g = torch.Generator().manual_seed(1)
        self.x = torch.randn(1, 4, h // 8, w // 8, generator=g).expand(batch, -1, -1, -1)
        self.noise = torch.randn(batch, 4, h // 8, w // 8, generator=g)

    def comment(self, text):
        self.comments.append(text)

    @property
    def script_args(self):
        return self.script_args_value

    def init(self):
        """The host's own: crop, latent mask."""
        self.init_latent = self.x
        if self.image_mask is None:
            return
        mask = self.image_mask.convert("L")
        if self.inpainting_mask_invert:
            mask = ImageOps.invert(mask)
        if self.inpaint_full_res:
            box = only_masked(
                mask.getbbox(), self.inpaint_full_res_padding, mask.size, self.width, self.height
            )
            self.paste_to = (box[0], box[1], box[2] - box[0], box[3] - box[1])
            mask = mask.crop(box)
        small = mask.resize((self.width, self.height)).resize((self.width // 8, self.height // 8))
        self.nmask = torch.from_numpy(np.array(small) / 255).round().expand(4, -1, -1)

    def sample(self):
        self.init()
        return self.sampler.sample_img2img(self, self.x, self.noise, None, None)


@pytest.fixture
def job():
    return Job


@pytest.fixture
def run(host):
    """A whole job: the script's callbacks in the host's order."""

    def go(p, *values):
        script = host.script.DifferentialDiffusion()
        vars(p.sampler).pop("sample_img2img", None)  # each job has a new one
        script.before_process(p, *values)
        script.process(p, *values)
        p.init()
        script.process_before_every_sampling(p, *values, x=p.x, noise=p.noise, c=None, uc=None)
        return p.sample()

    return go
