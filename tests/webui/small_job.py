"""The small stand-in's job, sampler and denoiser, by A1111's rules."""

import sys
from types import SimpleNamespace

import numpy as np
import torch
from kind_jobs import only_masked
from PIL import Image, ImageOps


class Interrupted(BaseException):
    pass


def setup_img2img_steps(p, steps=None):
    shared = sys.modules["modules.shared"]
    if shared.opts.img2img_fix_steps or steps is not None:
        requested = steps or p.steps
        steps = int(requested / min(p.denoising_strength, 0.999)) if p.denoising_strength else 0
        return steps, requested - 1
    return p.steps, int(min(p.denoising_strength, 0.999) * p.steps)


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
