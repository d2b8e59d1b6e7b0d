"""The stand-in hosts' jobs of text to image, with hires fix by the hosts' rules."""

from __future__ import annotations

import sys

import numpy as np
import torch
from kind_jobs import DecodedSamples, ImageRNG
from PIL import Image

MODES = {"Latent": "bilinear", "Latent (nearest)": "nearest"}


def decode_latent_batch(model, batch, target_device=None, check_for_nans=False):
    if model.kind.forge:
        return DecodedSamples(model.decode_first_stage(batch))
    return DecodedSamples([model.decode_first_stage(one[None])[0] for one in batch])


def enlarged(image, width, height, upscaler_name):
    """Another one than the hosts' resampling, so that nobody could guess it."""
    way = {"Doubler": Image.NEAREST, "Softener": Image.BICUBIC}[upscaler_name]
    return image.resize((width, height), way)


class TextJob:
    """StableDiffusionProcessingTxt2Img of A1111, Forge and reForge. It knows of no init image, mask
    or resize mode."""

    kind = None
    paste_to = overlay_images = color_corrections = eta = refiner_checkpoint = rng = None
    sampler = scripts = firstpass_image = hr_checkpoint_name = None
    hr_sampler_name = hr_scheduler = scheduler = None
    prompt, negative_prompt, sampler_name, denoising_strength = "a cat", "", "Euler", 0.75
    steps, cfg_scale, seed, batch_size, n_iter, width, height = 8, 3.0, 1, 1, 1, 64, 48
    enable_hr, hr_scale, hr_upscaler, hr_second_pass_steps = True, 2.0, "Doubler", 0
    hr_resize_x = hr_resize_y = truncate_x = truncate_y = iteration = subseed_strength = 0
    hr_prompt, is_hr_pass, tiling, latent_scale_mode = "", False, False, None
    is_api, do_not_save_grid, do_not_save_samples, script_args_value = False, False, False, ()

    def __init__(self, **given):
        self.styles, self.override_settings, self.comments = [], {}, {}
        self.extra_generation_params, self.firsts, self.seconds = {}, [], []
        for name, value in given.items():
            setattr(self, name, value)

    @property
    def script_args(self):
        return self.script_args_value

    def comment(self, text):
        self.comments[text] = 1

    def close(self):
        self.sampler = None

    def init(self, all_prompts, all_seeds, all_subseeds):
        self.all_hr_prompts = [self.hr_prompt or prompt for prompt in all_prompts]
        if not self.enable_hr:
            return
        self.latent_scale_mode = MODES.get(self.hr_upscaler)
        if not (self.hr_resize_x or self.hr_resize_y):
            self.hr_upscale_to_x = int(self.width * self.hr_scale)
            self.hr_upscale_to_y = int(self.height * self.hr_scale)
            return
        self.hr_upscale_to_x, self.hr_upscale_to_y = self.hr_resize_x, self.hr_resize_y
        if self.kind.neo:  # it stretches the picture
            return
        if self.width / self.height < self.hr_resize_x / self.hr_resize_y:
            self.hr_upscale_to_y = self.hr_resize_x * self.height // self.width
        else:
            self.hr_upscale_to_x = self.hr_resize_y * self.width // self.height
        self.truncate_x = (self.hr_upscale_to_x - self.hr_resize_x) // 8
        self.truncate_y = (self.hr_upscale_to_y - self.hr_resize_y) // 8

    def sample(
        self, conditioning, unconditional_conditioning, seeds, subseeds, subseed_strength, prompts
    ):
        make = sys.modules["modules.sd_samplers"].create_sampler
        model, self.sampler, samples = self.sd_model, make(self.sampler_name, self.sd_model), None
        self._shift("distilled_cfg_scale")
        if self.firstpass_image is not None and self.enable_hr:
            array = np.asarray(self.firstpass_image, np.float32) / 255
            given = torch.from_numpy(array).movedim(-1, 0)[None]
            decoded = given * 2 - 1
            if self.latent_scale_mode is not None:
                encode = sys.modules["modules.sd_samplers_common"].images_tensor_to_samples
                samples, decoded = encode(given, 0, model), None
        else:
            x = self.rng.next()
            if self.scripts is not None:
                self.scripts.process_before_every_sampling(
                    self, x=x, noise=x, c=conditioning, uc=unconditional_conditioning
                )
            samples = self.sampler.sample(
                self, x, conditioning, unconditional_conditioning, image_conditioning=None
            )
            self.firsts.append(samples)
            if not self.enable_hr:
                return samples
            decoded = None
            if self.latent_scale_mode is None:
                decoded = torch.stack(decode_latent_batch(model, samples))
        if self.kind.neo and decoded is not None:
            decoded = ((decoded + 1) / 2).clamp(0, 1)
        return self.sample_hr_pass(samples, decoded, seeds, subseeds, subseed_strength, prompts)

    def _shift(self, name):
        pass

    def img2img_image_conditioning(self, source_image, latent_image, image_mask=None):
        return latent_image.new_zeros(len(latent_image), 5, 1, 1)

    def sample_hr_pass(self, samples, decoded_samples, seeds, subseeds, subseed_strength, prompts):
        if self.kind.state.interrupted:
            return samples
        self.is_hr_pass = True
        self._shift("hr_distilled_cfg")
        model, width, height = self.sd_model, self.hr_upscale_to_x, self.hr_upscale_to_y
        make = sys.modules["modules.sd_samplers"].create_sampler
        self.sampler = make(self.hr_sampler_name or self.sampler_name, model)
        if self.latent_scale_mode is not None:
            flat = samples.squeeze(2) if samples.ndim == 5 else samples
            large = torch.nn.functional.interpolate(
                flat, size=(height // 8, width // 8), mode=self.latent_scale_mode
            )
            samples = large.unsqueeze(2) if samples.ndim == 5 else large
            conditioning = None
        else:
            if not self.kind.neo:
                decoded_samples = ((decoded_samples + 1) / 2).clamp(0, 1)
            made = []
            for one in decoded_samples:
                array = (255.0 * one.movedim(0, -1).numpy()).astype(np.uint8)
                image = enlarged(Image.fromarray(array), width, height, self.hr_upscaler)
                made.append(np.moveaxis(np.array(image).astype(np.float32) / 255, 2, 0))
            self.upscaled = [np.round(255 * one).astype(np.uint8) for one in made]
            decoded_samples = torch.from_numpy(np.array(made))
            encode = sys.modules["modules.sd_samplers_common"].images_tensor_to_samples
            samples = encode(decoded_samples, 0, model)
            conditioning = self.img2img_image_conditioning(decoded_samples, samples)
        x, y = self.truncate_x, self.truncate_y
        rows, columns = samples.shape[-2:]
        samples = samples[..., y // 2 : rows - (y + 1) // 2, x // 2 : columns - (x + 1) // 2]
        self.rng = ImageRNG(samples.shape[1:], self.seeds)
        noise = self.rng.next()
        texts = self.all_hr_prompts[: len(self.seeds)]
        self.hr_c = model.get_learned_conditioning(texts)
        self.hr_uc = model.get_learned_conditioning([""] * len(self.seeds))
        if self.scripts is not None:
            for _ in range(2 if self.kind.name == "forge" else 1):  # Forge calls it twice
                self.scripts.process_before_every_sampling(
                    self, x=samples, noise=noise, c=self.hr_c, uc=self.hr_uc
                )
        self.begun = samples
        samples = self.sampler.sample_img2img(
            self,
            samples,
            noise,
            self.hr_c,
            self.hr_uc,
            steps=self.hr_second_pass_steps or self.steps,
            image_conditioning=conditioning,
        )
        self.seconds.append(samples)
        self.sampler = None
        decoded = decode_latent_batch(model, samples)
        self.is_hr_pass = False
        return decoded


class NeoTextJob(TextJob):
    """Forge Neo's: the second pass has a shift of its own, and other modules of a model."""

    distilled_cfg_scale, hr_distilled_cfg = 3.0, 5.0
    hr_additional_modules = ("Use same choices",)

    def __init__(self, **given):
        super().__init__(**given)
        self.hr_additional_modules = list(self.hr_additional_modules)

    def _shift(self, name):
        self.sd_model.core.predictor.shift = getattr(self, name)


def text(kind, edit=None, **settings):
    """A job of text to image. edit: as for `kind_runs.new`, whose map starts at steps."""
    from kind_jobs import ScriptRunner

    make = sys.modules["modules.processing"].StableDiffusionProcessingTxt2Img
    p = make(sd_model=kind.model, **settings)
    p.scripts, p.script_args_value = ScriptRunner(), (0,)
    if edit is not None:
        p.scripts.alwayson_scripts.append(kind.script())
        p.script_args_value = (0, {"levels": "steps", **edit})
    return p
