"""Tiny random pipelines of every family, whole enough to run: real classes, no downloads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from diffdiff.pipelines.engine import Engine
from diffdiff.pipelines.families import of_class

WIDTH = 32  # of the text features
SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
DDIM = {**SD, "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}
BLOCKS = {
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "attention_head_dim": 8,
    "cross_attention_dim": WIDTH,
}


@dataclass(frozen=True)
class Tiny:
    """name: of the family. size: pixels. extra: what stands in for a prompt."""

    name: str
    make: Callable[[], Any]
    size: int = 64
    extra: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def engine(self) -> Engine:
        """The pipeline with seeded random weights."""
        torch.manual_seed(11)
        pipe = self.make()
        pipe.set_progress_bar_config(disable=True)
        return Engine(pipe, of_class(type(pipe).__name__), self.name)

    def prompt(self) -> dict[str, torch.Tensor]:
        """Random features in the place of the prompt's."""
        g = torch.Generator().manual_seed(12)
        return {name: torch.randn(shape, generator=g) for name, shape in self.extra.items()}


def vae(**more):
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(16, 32),
        norm_num_groups=8,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        **{"latent_channels": 4, **more},
    )


def text_unet(**more):
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=32,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        **{**BLOCKS, **more},
    )


def resnet_unet(**more):
    """As Kandinsky's and DeepFloyd's: variance learned, twice as many channels come out."""
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=32,
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
        resnet_time_scale_shift="scale_shift",
        **{**BLOCKS, **more},
    )


def sd(prediction: str = "epsilon"):
    from diffusers import DDIMScheduler, StableDiffusionImg2ImgPipeline

    return StableDiffusionImg2ImgPipeline(
        vae=vae(),
        unet=text_unet(),
        text_encoder=None,
        tokenizer=None,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
        scheduler=DDIMScheduler(**DDIM, prediction_type=prediction),
    )


def sdxl():
    from diffusers import DDIMScheduler, StableDiffusionXLImg2ImgPipeline

    unet = text_unet(
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + WIDTH,
        use_linear_projection=True,
    )
    return StableDiffusionXLImg2ImgPipeline(
        vae=vae(),
        unet=unet,
        text_encoder=None,
        text_encoder_2=None,
        tokenizer=None,
        tokenizer_2=None,
        scheduler=DDIMScheduler(**DDIM),
        add_watermarker=False,
    )


def sd3():
    from diffusers import (
        FlowMatchEulerDiscreteScheduler,
        SD3Transformer2DModel,
        StableDiffusion3Img2ImgPipeline,
    )

    transformer = SD3Transformer2DModel(
        sample_size=32,
        patch_size=2,
        in_channels=8,
        out_channels=8,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=4,
        joint_attention_dim=WIDTH,
        caption_projection_dim=WIDTH,
        pooled_projection_dim=WIDTH,
    )
    return StableDiffusion3Img2ImgPipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=vae(latent_channels=8, shift_factor=0.06, scaling_factor=1.5),
        text_encoder=None,
        tokenizer=None,
        text_encoder_2=None,
        tokenizer_2=None,
        text_encoder_3=None,
        tokenizer_3=None,
    )


def flux():
    from diffusers import (
        FlowMatchEulerDiscreteScheduler,
        FluxImg2ImgPipeline,
        FluxTransformer2DModel,
    )

    transformer = FluxTransformer2DModel(
        patch_size=1,
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        pooled_projection_dim=WIDTH,
        axes_dims_rope=(4, 4, 8),
    )
    return FluxImg2ImgPipeline(
        transformer=transformer,
        vae=vae(shift_factor=0.06, scaling_factor=1.5),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        text_encoder=None,
        tokenizer=None,
        text_encoder_2=None,
        tokenizer_2=None,
    )


def kandinsky():
    from diffusers import DDPMScheduler, KandinskyV22Img2ImgPipeline, VQModel

    movq = VQModel(
        block_out_channels=(32, 64),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=8,
        num_vq_embeddings=12,
        vq_embed_dim=4,
        norm_type="spatial",
    )
    unet = resnet_unet(
        in_channels=4,
        out_channels=8,
        addition_embed_type="image",
        encoder_hid_dim=WIDTH,
        encoder_hid_dim_type="image_proj",
    )
    return KandinskyV22Img2ImgPipeline(unet, DDPMScheduler(**LEARNED), movq)


LEARNED = {"beta_schedule": "linear", "clip_sample": False, "variance_type": "learned_range"}


def _deepfloyd(**more):
    return resnet_unet(
        in_channels=3,
        out_channels=6,
        addition_embed_type="text",
        encoder_hid_dim=WIDTH,
        encoder_hid_dim_type="text_proj",
        addition_embed_type_num_heads=2,
        act_fn="gelu",
        cross_attention_norm="group_norm",
        time_embedding_act_fn="gelu",
        mid_block_scale_factor=1.414,
        only_cross_attention=False,
        **more,
    )


def if_one():
    from diffusers import DDPMScheduler, IFImg2ImgPipeline

    scheduler = DDPMScheduler(
        **{**LEARNED, "beta_schedule": "squaredcos_cap_v2"}, thresholding=True
    )
    return IFImg2ImgPipeline(
        None, None, _deepfloyd(), scheduler, None, None, None, requires_safety_checker=False
    )


def if_two():
    from diffusers import DDPMScheduler, IFImg2ImgSuperResolutionPipeline

    unet = _deepfloyd(class_embed_type="timestep")
    unet.conv_in = torch.nn.Conv2d(6, 32, 3, padding=1)
    unet.register_to_config(in_channels=6)
    scheduler = DDPMScheduler(
        **{**LEARNED, "beta_schedule": "squaredcos_cap_v2"}, thresholding=True
    )
    return IFImg2ImgSuperResolutionPipeline(
        None,
        None,
        unet,
        scheduler,
        DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
        None,
        None,
        None,
        requires_safety_checker=False,
    )


TEXT = {"prompt_embeds": (1, 5, WIDTH), "negative_prompt_embeds": (1, 5, WIDTH)}
POOLED = {"pooled_prompt_embeds": (1, WIDTH)}
BOTH = {**TEXT, **POOLED, "negative_pooled_prompt_embeds": (1, WIDTH)}
IMAGE = {"image_embeds": (1, WIDTH), "negative_image_embeds": (1, WIDTH)}

PIPELINES = {
    "sd": Tiny("Stable Diffusion 1", sd, extra=TEXT),
    "sd2": Tiny("Stable Diffusion 2, v", lambda: sd("v_prediction"), extra=TEXT),
    "sdxl": Tiny("Stable Diffusion XL", sdxl, extra=BOTH),
    "sd3": Tiny("Stable Diffusion 3", sd3, extra=BOTH),
    "flux": Tiny("Flux.1", flux, extra={"prompt_embeds": TEXT["prompt_embeds"], **POOLED}),
    "kandinsky": Tiny("Kandinsky 2.2", kandinsky, extra=IMAGE),
    "if": Tiny("DeepFloyd IF, stage I", if_one, size=32, extra=TEXT),
    "if-2": Tiny("DeepFloyd IF, stage II", if_two, size=32, extra=TEXT),
}
