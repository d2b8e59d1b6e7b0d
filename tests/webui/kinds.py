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

import kind_denoisers
import kind_hires
import kind_jobs
import kind_runs
import kind_sampling
import torch
from kind_models import Model

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
                "InterruptedException": kind_denoisers.InterruptedException,
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
