"""A small stand-in for the host: only what the adapter uses, with A1111's own rules.

It proves the adapter's logic without a WebUI; `tests/hosts` proves the same on the real ones.
"""

import sys
import types
from contextlib import nullcontext
from types import SimpleNamespace

import kind_samplers
import pytest
import torch
from kinds import KINDS, install
from PIL import Image
from small_job import Job, Sampler, setup_img2img_steps

from diffdiff.lru import LruCache


def module(name: str, **content) -> types.ModuleType:
    made = types.ModuleType(name)
    made.__dict__.update(content)
    return made


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
