"""The weights of a Stable Diffusion 1 pipeline of diffusers, under their LDM names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from .ldm_config import attends, refused

UNET, VAE, TEXT = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer."


def state(unet: Any, vae: Any, text_encoder: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield (LDM name, tensor) of every weight, and of the text encoder's buffer of positions.

    Raises:
        FieldError: field "model"; a weight has no place in the layout.
    """
    for prefix, part, places in (
        (UNET, unet, unet_places(unet)),
        (VAE, vae, vae_places(vae)),
    ):
        for key, tensor in part.state_dict().items():
            if prefix == VAE and tensor.ndim == 2:  # its attention is made of 1x1 convolutions
                tensor = tensor[:, :, None, None]
            yield prefix + renamed(key, places), tensor
    for key, tensor in text_encoder.state_dict().items():
        name = key.removeprefix("text_model.")  # with or without: it depends on the version
        if name != "embeddings.position_ids":
            yield f"{TEXT}text_model.{name}", tensor
    positions = torch.arange(text_encoder.config.max_position_embeddings)[None]
    yield f"{TEXT}text_model.embeddings.position_ids", positions


def renamed(key: str, places: Mapping[str, str]) -> str:
    """Replace the longest known module in a key by its other name."""
    module, rest = key, ""
    while "." in module:
        module, _, last = module.rpartition(".")
        rest = f".{last}{rest}"
        if module in places:
            return places[module] + rest
    raise refused(f"its weight {key} has no place in the LDM layout")


def unet_places(unet: Any) -> dict[str, str]:
    """Return diffusers' module -> LDM's."""
    levels, layers = attends(unet), unet.config.layers_per_block
    last = len(levels) - 1
    places = {
        "conv_in": "input_blocks.0.0",
        "time_embedding.linear_1": "time_embed.0",
        "time_embedding.linear_2": "time_embed.2",
        "mid_block.attentions.0": "middle_block.1",
        "conv_norm_out": "out.0",
        "conv_out": "out.2",
    }

    def residual(ours: str, theirs: str) -> None:
        for a, b in (
            ("norm1", "in_layers.0"),
            ("conv1", "in_layers.2"),
            ("time_emb_proj", "emb_layers.1"),
            ("norm2", "out_layers.0"),
            ("conv2", "out_layers.3"),
            ("conv_shortcut", "skip_connection"),
        ):
            places[f"{ours}.{a}"] = f"{theirs}.{b}"

    def layer(ours: str, number: int, theirs: str) -> None:
        residual(f"{ours}.resnets.{number}", f"{theirs}.0")
        places[f"{ours}.attentions.{number}"] = f"{theirs}.1"

    residual("mid_block.resnets.0", "middle_block.0")
    residual("mid_block.resnets.1", "middle_block.2")
    n = 1
    for i in range(len(levels)):
        for j in range(layers):
            layer(f"down_blocks.{i}", j, f"input_blocks.{n}")
            n += 1
        if i < last:
            places[f"down_blocks.{i}.downsamplers.0.conv"] = f"input_blocks.{n}.0.op"
            n += 1
    n = 0
    for i, on in enumerate(levels[::-1]):
        for j in range(layers + 1):
            layer(f"up_blocks.{i}", j, f"output_blocks.{n}")
            n += 1
        # part of the level's last block, after its attention
        place = f"output_blocks.{n - 1}.{2 if on else 1}.conv"
        places[f"up_blocks.{i}.upsamplers.0.conv"] = place
    return places


def vae_places(vae: Any) -> dict[str, str]:
    """Return diffusers' module -> LDM's, which counts the decoder's levels from the finest."""
    levels, layers = len(vae.config.block_out_channels), vae.config.layers_per_block
    places = {"quant_conv": "quant_conv", "post_quant_conv": "post_quant_conv"}

    def residual(ours: str, theirs: str) -> None:
        places[ours] = theirs
        places[f"{ours}.conv_shortcut"] = f"{theirs}.nin_shortcut"

    for side, way in (("encoder", "down"), ("decoder", "up")):
        for a, b in (
            ("conv_in", "conv_in"),
            ("conv_norm_out", "norm_out"),
            ("conv_out", "conv_out"),
        ):
            places[f"{side}.{a}"] = f"{side}.{b}"
        for a, b in (
            ("group_norm", "norm"),
            ("to_q", "q"),
            ("to_k", "k"),
            ("to_v", "v"),
            ("to_out.0", "proj_out"),
        ):
            places[f"{side}.mid_block.attentions.0.{a}"] = f"{side}.mid.attn_1.{b}"
        for j in range(2):
            residual(f"{side}.mid_block.resnets.{j}", f"{side}.mid.block_{j + 1}")
        for i in range(levels):
            level = i if way == "down" else levels - 1 - i
            ours, theirs = f"{side}.{way}_blocks.{i}", f"{side}.{way}.{level}"
            for j in range(layers + 1):  # the decoder has one more
                residual(f"{ours}.resnets.{j}", f"{theirs}.block.{j}")
            places[f"{ours}.{way}samplers.0.conv"] = f"{theirs}.{way}sample.conv"
    return places
