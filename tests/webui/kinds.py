"""Four stand-in hosts, from what shared/HOSTS*.md and the hosts' own sources say of them.

A kind is a host with a model loaded. Nothing here comes from the extension: a stand-in that asked
it for a rule would agree with its mistakes.
"""

from __future__ import annotations

import sys
import types
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import kind_hires
import kind_jobs
import kind_runs
import kind_sampling
import torch

OPTS = {
    "img2img_fix_steps": False,
    "img2img_extra_noise": 0.0,
    "uni_pc_order": 3,
    "img2img_background_color": "#ffffff",
    "sd_vae_encode_method": "Full",
    "eta_ddim": 0.0,
    "enable_pnginfo": True,
    "grid_save": False,
    "sd_model_checkpoint": "made up",
}


class Predictor:
    """Of Forge's kin: how a latent is noised, and the levels that the model knows."""

    def __init__(self, prediction_type: str):
        self.prediction_type, self.shift = prediction_type, 1.0
        self.sigmas = torch.linspace(0.03, 14.6, 1000)

    def set_parameters(self, *, shift=None):
        self.shift = shift or self.shift

    def noise_scaling(self, sigma, noise, latent, max_denoise=False):
        sigma = sigma.view(sigma.shape[:1] + (1,) * (noise.ndim - 1))
        if self.prediction_type == "const":
            return sigma * noise + (1.0 - sigma) * latent
        return noise * sigma + latent


class Net:
    """The UNet: pixel by pixel, so that what is beside a pixel never shows in it."""

    def __init__(self, predictor=None):
        self.batches, self.sizes = [], set()
        self.before = lambda: None  # what happens before it answers
        self.ready = lambda: True
        if predictor is not None:
            self.predictor = predictor

    def apply_model(self, x, t, cond=None):
        self.before()
        assert self.ready(), "the model has been taken from its device"
        self.batches.append(len(x))
        self.sizes.add(tuple(x.shape[-2:]))
        shape = (-1, *[1] * (x.ndim - 1))
        return (1.3 * x / (1 + t.view(shape)) + cond.view(shape)).sin()


class ReForgeNet(Net):
    """reForge keeps the levels in a `model_sampling`."""

    def __init__(self):
        super().__init__()
        self.model_sampling = type("ModelSamplingDiscrete", (), {})()


@dataclass
class Vae:
    latent_channels: int
    downscale_ratio: int | tuple = 8


@dataclass
class Unet:
    model: Net
    model_options: dict = field(default_factory=lambda: {"transformer_options": {}})


@dataclass
class Parts:
    """`forge_objects`."""

    unet: Unet
    vae: Vae


class Model:
    """`shared.sd_model`."""

    cond_stage_key = "txt"
    parameterization = "eps"

    def __init__(self, kind: Kind):
        self.kind = kind
        self.channels = 16 if kind.flow or kind.rank == 5 else 4
        if kind.cell == 16:
            self.channels = 128
        self.alphas_cumprod = torch.linspace(0.9998, 0.005, 1000)
        if kind.forge:
            predictor = Predictor("const" if kind.flow else "epsilon")
            net = ReForgeNet() if kind.name == "reforge" else Net(predictor)
            net.ready = lambda: bool(kind.unets)
            # a video's: of time by a function, then of height and width
            ratio = (lambda frames: (frames + 3) // 4, 8, 8) if kind.rank == 5 else kind.cell
            self.forge_objects = Parts(Unet(net), Vae(self.channels, ratio))
        else:
            self.net = Net()
            if kind.flow:
                self.add_noise_to_latent = lambda x, noise, t: x * (1 - t) + noise * t
        if kind.neo:
            self.is_wan, self.ini_latent, self.ref_latents = kind.rank == 5, None, []
            self.use_shift = kind.flow
            self.fix_dimensions = lambda w, h: (w // 16 * 16, h // 16 * 16)

    def apply_model(self, x, t, cond=None):
        return self.net.apply_model(x, t, cond)

    @property
    def core(self) -> Net:
        return self.forge_objects.unet.model if self.kind.forge else self.net

    def encode_first_stage(self, x):
        """-1..1 `[B, 3, H, W]` to a latent. Edit models keep what they encode as a reference."""
        if self.kind.rank == 5:
            x = x[:1]  # the hosts' video autoencoders take the first picture of a batch
        if not self.kind.neo:
            torch.rand(1)  # a VAE's posterior, from the generator of all
        if self.kind.references:
            if self.kind.dynamic_args.is_referencing:
                self.ref_latents.append(x.cpu())
            else:
                self.ini_latent = x.cpu()
        small = torch.nn.functional.avg_pool2d(x, self.kind.cell) * 2
        latent = small.repeat(1, self.channels // 3 + 1, 1, 1)[:, : self.channels]
        return latent.unsqueeze(2) if self.kind.rank == 5 else latent

    def get_first_stage_encoding(self, x):
        return x

    def decode_first_stage(self, latent):
        """A latent to -1..1 `[B, 3, H, W]`."""
        small = latent.reshape(-1, *latent.shape[1:2], *latent.shape[-2:])[:, :3] / 2
        return torch.nn.functional.interpolate(small, scale_factor=self.kind.cell)

    def get_learned_conditioning(self, prompts):
        """A number for each prompt. An edit model uses its reference up for this."""
        if self.kind.references and not getattr(prompts, "is_negative_prompt", False):
            self.kind.dynamic_args.ref_latents = [] if self.ini_latent is None else [1]
            self.ini_latent = None
        return torch.tensor([sum(map(ord, p[::2])) % 97 / 50 for p in prompts])


@dataclass
class Kind:
    """A host with a model.

    forge: it keeps the parts of a model apart, and works on a main thread. keeps_errors: that
    thread remembers the last exception. flow: the model is a flow matching one. rank: of latents.
    cell: pixels of a latent cell.
    about: what Forge Neo knows of the model's kind.
    """

    id: str
    name: str
    forge: bool = False
    keeps_errors: bool = False
    flow: bool = False
    rank: int = 4
    cell: int = 8
    about: dict = field(default_factory=dict)

    @property
    def neo(self) -> bool:
        return self.name == "neo"

    @property
    def references(self) -> bool:
        """Whether the model also looks at what was encoded."""
        return bool(self.about.get("edit") or self.about.get("klein"))

    @property
    def cfg_pp(self) -> tuple[str, ...]:
        """Its samplers that look at the answer without the prompt."""
        if self.flow and not self.neo:
            return ()
        aside, heard = ("DDIM CFG++",), ("Euler CFG++", "DPM++ 2M CFG++")
        return {"neo": heard, "reforge": (*heard, "DPM++ 2M alt CFG++")}.get(self.name, aside)

    def start(self) -> Kind:
        """The host, started."""
        host = replace(self)
        host.thread = kind_runs.main_thread(host)
        return host.fresh()

    def fresh(self) -> Kind:
        """As it was when it had started."""
        self.state = SimpleNamespace(
            current_latent=None,
            interrupted=False,
            skipped=False,
            sampling_step=0,
            job_no=0,
            sampling_steps=0,
            job_count=-1,
            textinfo=None,
        )
        known = dict.fromkeys(("edit", "kontext", "klein", "krea2", "wan", "pid"), False)
        self.dynamic_args = SimpleNamespace(
            **{**known, **self.about}, ref_latents=[], lq_latent=[None, None], is_referencing=False
        )
        self.opts = SimpleNamespace(**OPTS, data=dict(OPTS))
        self.model = Model(self)
        self.unets = []  # those that were made ready; a run that ends lets all of them go
        self.reported = []  # what script hooks have raised, which hosts print
        return self

    def script(self):
        """The extension's script, as the host loads it."""
        return sys.modules["diffdiff.webui.script"].DifferentialDiffusion()

    def job(self, edit=None, **settings):
        """A job; its edit begins at steps, as plain img2img does, unless it says otherwise."""
        if edit is not None:
            edit = {"levels": "steps", **edit}
        return kind_runs.new(self, edit, **settings)

    def run(self, edit=None, **settings):
        """What a job of the API answers."""
        return kind_runs.api(self.job(edit, **settings))

    def samples(self, edit=None, **settings):
        """Its latents."""
        return self.run(edit, **settings).samples[0]

    def modules(self) -> dict[str, dict]:
        """Modules of the host, and what is in them."""
        job = type(
            "StableDiffusionProcessingImg2Img",
            (kind_jobs.NeoJob if self.neo else kind_jobs.Job,),
            {"kind": self},
        )
        text = type(
            "StableDiffusionProcessingTxt2Img",
            (kind_hires.NeoTextJob if self.neo else kind_hires.TextJob,),
            {"kind": self},
        )
        shared = {
            "opts": self.opts,
            "sd_model": self.model,
            "state": self.state,
            "device": "cpu",
            "prompt_styles": SimpleNamespace(styles={}),
            "parallel_processing_allowed": True,
        }
        found = {
            "modules.shared": shared,
            "modules.devices": {
                "device": torch.device("cpu"),
                "autocast": nullcontext,
                "torch_gc": lambda: None,
                "dtype_vae": torch.float32,
            },
            "modules.processing": {
                "StableDiffusionProcessingImg2Img": job,
                "StableDiffusionProcessingTxt2Img": text,
                "decode_latent_batch": kind_hires.decode_latent_batch,
                "DecodedSamples": kind_jobs.DecodedSamples,
                "process_images": kind_runs.process_images,
                "create_infotext": kind_jobs.infotext,
                "create_random_tensors": kind_jobs.create_random_tensors,
                "create_binary_mask": kind_jobs.create_binary_mask,
            },
            "modules.scripts": {"Script": kind_jobs.Script, "ScriptRunner": kind_jobs.ScriptRunner},
            "modules.masking": {"fill": kind_jobs.fill},
            "modules.prompt_parser": {
                "SdConditioning": kind_jobs.SdConditioning,
                "get_multicond_learned_conditioning": kind_jobs.learned_conditioning,
                "get_learned_conditioning": kind_jobs.learned_conditioning,
            },
            "modules.sd_samplers": {
                "create_sampler": lambda name, model: kind_sampling.create(self, name)
            },
            "modules.sd_samplers_common": {
                "setup_img2img_steps": kind_sampling.setup_img2img_steps,
                "InterruptedException": kind_sampling.InterruptedException,
                "approximation_indexes": {"Full": 0},
                "images_tensor_to_samples": kind_jobs.images_tensor_to_samples,
                "store_latent": lambda latent: setattr(self.state, "current_latent", latent),
            },
            "modules.sd_samplers_kdiffusion": kind_sampling.module(self),
        }
        if self.forge:
            found["modules_forge"] = {}
        if self.neo:
            found["backend"] = {}
            found["backend.args"] = {"dynamic_args": self.dynamic_args}
        return found


def install(kind: Kind, known: dict[str, types.ModuleType], new: bool = False) -> None:
    """Gives modules what the kind's host has in them. new: makes those that are not there."""
    for name, content in kind.modules().items():
        if new:
            known.setdefault(name, types.ModuleType(name))
        if name in known:
            vars(known[name]).update(content)
    if new and kind.forge:
        known["modules_forge.main_thread"] = kind.thread


KINDS = {
    made.id: made
    for made in (
        Kind("a1111", "a1111"),
        Kind("a1111-sd3", "a1111", flow=True),
        Kind("forge", "forge", forge=True, keeps_errors=True),
        Kind("forge-flux", "forge", forge=True, keeps_errors=True, flow=True),
        Kind("neo", "neo", forge=True, keeps_errors=True),
        Kind("neo-flux", "neo", forge=True, keeps_errors=True, flow=True),
        Kind("neo-qwen", "neo", forge=True, keeps_errors=True, flow=True, rank=5),
        Kind("reforge", "reforge", forge=True),
    )
}
"""The hosts that tests run on."""

EDIT = Kind(
    "neo-edit", "neo", forge=True, keeps_errors=True, flow=True, rank=5, about={"edit": True}
)
KLEIN = Kind(
    "neo-klein", "neo", forge=True, keeps_errors=True, flow=True, cell=16, about={"klein": True}
)
PID = Kind("neo-pid", "neo", forge=True, keeps_errors=True, flow=True, about={"pid": True})
WAN = Kind("neo-wan", "neo", forge=True, keeps_errors=True, flow=True, rank=5, about={"wan": True})
