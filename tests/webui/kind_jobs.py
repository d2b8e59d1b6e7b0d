"""The stand-in hosts' jobs: the processing object, the script hooks around it, page and API."""

from __future__ import annotations

import sys

import cv2
import numpy as np
import torch
from PIL import Image, ImageOps

HOOKS = (
    "before_process",
    "process",
    "process_batch",
    "process_before_every_sampling",
    "postprocess_batch",
    "postprocess_image",
    "postprocess_maskoverlay",
    "postprocess_image_after_composite",
    "postprocess",
)


class ImageRNG:
    """The noise of a job: a generator for each picture."""

    def __init__(
        self,
        shape,
        seeds,
        subseeds=None,
        subseed_strength=0.0,
        seed_resize_from_h=0,
        seed_resize_from_w=0,
    ):
        self.shape, self.seeds, self.subseeds = tuple(shape), seeds, subseeds
        self.subseed_strength, self.draws = subseed_strength, 0
        self.seed_resize_from_h, self.seed_resize_from_w = seed_resize_from_h, seed_resize_from_w
        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def next(self):
        self.draws += 1
        return torch.stack([torch.randn(self.shape, generator=g) for g in self.generators])


class SdConditioning(list):
    """Prompts, and what else the model reads with them."""

    def __init__(self, prompts, is_negative_prompt=False, width=None, height=None):
        super().__init__(prompts)


def learned_conditioning(model, prompts, steps):
    return model.get_learned_conditioning(list(prompts))


def create_random_tensors(shape, seeds):
    return ImageRNG(shape, seeds).next()


def create_binary_mask(image, round=True):
    if image.mode == "RGBA" and image.getextrema()[-1] != (255, 255):
        image = image.getchannel("A")
    image = image.convert("L")
    return image.point(lambda grey: 255 * (grey > 128)) if round else image


def only_masked(box, padding, size, width, height):
    """The part of a picture that *only masked* works on: the mask's box with a margin, made as
    wide or as high as the job's shape asks, around its middle but inside of the picture."""
    left, top = max(box[0] - padding, 0), max(box[1] - padding, 0)
    right, bottom = min(box[2] + padding, size[0]), min(box[3] + padding, size[1])
    if (right - left) / (bottom - top) > width / height:
        top, bottom = _around(top, bottom, (right - left) / (width / height), size[1])
    else:
        left, right = _around(left, right, (bottom - top) * (width / height), size[0])
    return left, top, right, bottom


def _around(low, high, wanted, limit):
    more = int(wanted - (high - low))
    length, low = high - low + more, low - more // 2
    low = max(min(low, limit - length), 0)
    return low, min(low + length, limit)


def fill(image, mask):
    return Image.composite(Image.new("RGB", image.size, "gray"), image, mask.convert("L"))


def resized(mode, image, width, height):
    return sys.modules["modules.images"].resize_image(mode, image, width, height)


def images_tensor_to_samples(image, approximation=None, model=None):
    image = image * 2 - 1
    if len(image) > 1 and not getattr(model, "is_wan", False):
        return torch.cat([model.encode_first_stage(one[None]) for one in image])
    return model.get_first_stage_encoding(model.encode_first_stage(image))


class DecodedSamples(list):
    already_decoded = True


class Job:
    """StableDiffusionProcessingImg2Img of A1111, Forge and reForge."""

    kind = None
    mask = nmask = image_mask = latent_mask = init_latent = paste_to = overlay_images = None
    color_corrections = eta = refiner_checkpoint = rng = sampler = scripts = None
    prompt, negative_prompt, sampler_name, denoising_strength = "a cat", "", "Euler", 0.75
    steps, cfg_scale, seed, batch_size, n_iter, width, height = 8, 3.0, 1, 1, 1, 64, 48
    mask_blur_x = mask_blur_y = 4
    mask_round, inpaint_full_res, inpaint_full_res_padding, inpainting_fill = True, False, 0, 1
    inpainting_mask_invert = resize_mode = iteration = subseed_strength = 0
    is_api, do_not_save_grid, do_not_save_samples, script_args_value = False, False, False, ()

    def __init__(self, **given):
        for name in dir(type(self)):  # a dataclass: all fields are the object's own
            value = getattr(type(self), name)
            if name[0] != "_" and not isinstance(value, property) and not callable(value):
                setattr(self, name, value)
        self.styles, self.override_settings, self.comments = [], {}, {}
        self.extra_generation_params, self.image_mask = {}, given.pop("mask", None)
        for name, value in given.items():
            setattr(self, name, value)

    @property
    def mask_blur(self):
        return self.mask_blur_x if self.mask_blur_x == self.mask_blur_y else None

    @mask_blur.setter
    def mask_blur(self, value):
        self.mask_blur_x = self.mask_blur_y = value

    @property
    def script_args(self):
        return self.script_args_value

    def comment(self, text):
        self.comments[text] = 1

    def close(self):
        self.sampler = None

    def init(self, all_prompts, all_seeds, all_subseeds):
        make = sys.modules["modules.sd_samplers"].create_sampler
        self.sampler = make(self.sampler_name, self.sd_model)
        mask, box = self.image_mask, None
        if mask is not None:
            mask = create_binary_mask(mask, self.mask_round)
            if self.inpainting_mask_invert:
                mask = ImageOps.invert(mask)
            mask = self._blurred(mask)
            self.mask_for_overlay, box = mask, mask.getbbox() if self.inpaint_full_res else None
            if box:
                pad, size = self.inpaint_full_res_padding, (self.width, self.height)
                box = only_masked(box, pad, mask.size, *size)
                self.paste_to = (box[0], box[1], box[2] - box[0], box[3] - box[1])
                mask = resized(2, mask.crop(box), *size)
            elif self.inpaint_full_res:
                mask, self.inpaint_full_res = None, False
            else:
                self.mask_for_overlay = mask = resized(
                    self.resize_mode, mask, self.width, self.height
                )
            self.overlay_images = []
        made = [self._picture(image, mask, box) for image in self.init_images]
        if len(made) == 1:
            made = made * self.batch_size
            self.overlay_images = self.overlay_images and self.overlay_images * self.batch_size
        encode = sys.modules["modules.sd_samplers_common"].images_tensor_to_samples
        pictures = torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2)
        self.init_latent = encode(pictures, 0, self.sd_model)
        if mask is not None:
            self._latent_mask(mask, all_seeds)
        self.image_conditioning = self.init_latent.new_zeros(len(self.init_latent), 5, 1, 1)

    def _picture(self, image, mask, box):
        image = image.convert("RGB")
        if box is None:
            image = resized(self.resize_mode, image, self.width, self.height)
        if mask is not None:
            over = Image.new("RGBa", image.size)
            kept = ImageOps.invert(self.mask_for_overlay.convert("L"))
            over.paste(image.convert("RGBA").convert("RGBa"), mask=kept)
            self.overlay_images.append(over.convert("RGBA"))
        if box is not None:
            image = resized(2, image.crop(box), self.width, self.height)
        if mask is not None and self.inpainting_fill != 1:
            image = sys.modules["modules.masking"].fill(image, mask)
        return np.asarray(image, np.float32) / 255

    def _blurred(self, mask):
        for sigma, along in ((self.mask_blur_x, (1, 0)), (self.mask_blur_y, (0, 1))):
            if sigma > 0:
                reach = int(2.5 * sigma + 0.5)
                kernel = tuple(2 * reach * side + 1 for side in along)
                mask = Image.fromarray(cv2.GaussianBlur(np.asarray(mask), kernel, sigma))
        return mask

    def _latent_mask(self, mask, all_seeds):
        cells = np.asarray(mask.resize(self.init_latent.shape[:-3:-1]), np.float32) / 255
        cells = np.around(cells) if self.mask_round else cells
        tiled = torch.from_numpy(np.tile(cells, (self.init_latent.shape[1], 1, 1)))
        self.nmask, self.mask = self._with_batch(tiled), self._with_batch(1 - tiled)
        if self.inpainting_fill in (2, 3):
            noise = 0
            if self.inpainting_fill == 2:
                shape = (self.init_latent.shape[1], *self.init_latent.shape[-2:])
                noise = create_random_tensors(shape, all_seeds[: len(self.init_latent)])
            self.init_latent = self.init_latent * self.mask + noise * self.nmask

    def _with_batch(self, mask):
        return mask  # [C, h, w]

    def sample(self, conditioning, unconditional_conditioning, **others):
        x = self._noise()
        if self.scripts is not None:
            self.scripts.process_before_every_sampling(
                self, x=self.init_latent, noise=x, c=conditioning, uc=unconditional_conditioning
            )
        samples = self.sampler.sample_img2img(
            self,
            self.init_latent,
            x,
            conditioning,
            unconditional_conditioning,
            image_conditioning=self.image_conditioning,
        )
        if self.mask is not None:
            samples = samples * self.nmask + self.init_latent * self.mask
        return samples

    def _noise(self):
        return self.rng.next()


class NeoJob(Job):
    """Forge Neo's: one blur for both directions, and masks of the latents' rank."""

    mask_blur = 4
    distilled_cfg_scale = 3.0
    mask_blur_x = property(lambda self: self.mask_blur)
    mask_blur_y = property(lambda self: self.mask_blur)

    def _with_batch(self, mask):
        return mask[None, :, None] if self.init_latent.ndim == 5 else mask[None]

    def _noise(self):
        x = super()._noise()
        self.sd_model.core.predictor.shift = self.distilled_cfg_scale
        if self.sd_model.is_wan and self.kind.dynamic_args.wan:
            x = x[:1]
        if self.kind.dynamic_args.pid:
            self.init_latent = x.clone()
        return x


class Script:
    name, args_from, args_to = None, 1, 2

    def title(self):
        return type(self).__name__


for name in HOOKS:
    setattr(Script, name, lambda self, p, *args, **kwargs: None)


class ScriptRunner:
    """The scripts of a job. What a hook raises is printed, and the job goes on."""

    def __init__(self):
        self.alwayson_scripts, self.selectable_scripts = [], []

    def run(self, p):
        chosen = p.script_args[0] if p.script_args else 0
        return self.selectable_scripts[chosen - 1].run(p) if chosen else None

    def each(self, name, p, *things, **named):
        for script in self.alwayson_scripts:
            try:
                values = p.script_args[script.args_from : script.args_to]
                getattr(script, name)(p, *things, *values, **named)
            except Exception as error:
                p.kind.reported.append(error)

    def __getattr__(self, name):
        if name not in HOOKS:
            raise AttributeError(name)
        return lambda p, *things, **named: self.each(name, p, *things, **named)


def infotext(p, prompts, seeds, subseeds, index=0, **others):
    told = {"Seed": seeds[index], **p.extra_generation_params}
    written = {k: v(index=index) if callable(v) else v for k, v in told.items()}
    return f"{prompts[index]}\n" + ", ".join(f"{k}: {v}" for k, v in written.items())
