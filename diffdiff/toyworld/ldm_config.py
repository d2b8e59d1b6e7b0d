"""The settings of a Stable Diffusion 1 pipeline of diffusers, in the LDM layout.

They follow from the configs of the parts, whatever the number of levels and layers. What the
layout has no word for is refused, never guessed.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from ..errors import FieldError

# the settings of a part that the layout can say or that change nothing when the model is used; all
# others must have the value that the class itself gives them (one transformer block each, say: the
# LDM classes can be built with more, but then fail when they run)
SAID = {
    "unet": {
        "sample_size",
        "in_channels",
        "out_channels",
        "block_out_channels",
        "down_block_types",
        "up_block_types",
        "layers_per_block",
        "attention_head_dim",
        "cross_attention_dim",
        "use_linear_projection",
        "upcast_attention",
        "dropout",
    },
    "vae": {
        "sample_size",
        "in_channels",
        "out_channels",
        "block_out_channels",
        "down_block_types",
        "up_block_types",
        "layers_per_block",
        "latent_channels",
        "scaling_factor",
        "force_upcast",
    },
}
PARAMETERIZATION = {"epsilon": "eps", "v_prediction": "v"}


def refused(problem: str) -> FieldError:
    """Return the error for a model that the layout cannot hold."""
    return FieldError("model", problem, "Give a diffusers folder of Stable Diffusion 1's kind.")


def config(unet: Any, vae: Any, scheduler: Mapping[str, Any], tokenizer: str) -> dict[str, Any]:
    """Return the settings of the LDM classes, as the `.yaml` beside a checkpoint has them.

    Args:
        unet, vae: UNet2DConditionModel, AutoencoderKL.
        scheduler: the config of the pipeline's scheduler.
        tokenizer: path of the folder with the tokenizer and the text encoder's config.

    Raises:
        FieldError: field "model"; the layout has no word for a setting.
    """
    u, v = unet.config, vae.config
    levels = attends(unet)
    _plain("vae", vae)
    if {*v.down_block_types, *v.up_block_types} != {"DownEncoderBlock2D", "UpDecoderBlock2D"}:
        raise refused(f"its vae has other blocks: {', '.join(v.down_block_types)}")
    if not u.in_channels == u.out_channels == v.latent_channels:
        raise refused(f"its unet takes {u.in_channels} channels of {v.latent_channels} latent ones")
    if not isinstance(u.cross_attention_dim, int):
        raise refused("its unet has a cross_attention_dim for every level")
    network = {
        "image_size": u.sample_size,
        "in_channels": u.in_channels,
        "out_channels": u.out_channels,
        "model_channels": u.block_out_channels[0],
        "attention_resolutions": [2**i for i, on in enumerate(levels) if on],
        "num_res_blocks": u.layers_per_block,
        "channel_mult": _multiples("unet", u.block_out_channels),
        **_heads(unet, levels),
        "use_spatial_transformer": True,
        "transformer_depth": 1,
        "context_dim": u.cross_attention_dim,
        "use_checkpoint": False,
        "legacy": False,
    }
    if u.use_linear_projection:
        network["use_linear_in_transformer"] = True  # the oldest LDM has no such argument
    autoencoder = {
        "double_z": True,
        "z_channels": v.latent_channels,
        "resolution": v.sample_size,
        "in_channels": v.in_channels,
        "out_ch": v.out_channels,
        "ch": v.block_out_channels[0],
        "ch_mult": _multiples("vae", v.block_out_channels),
        "num_res_blocks": v.layers_per_block,
        "attn_resolutions": [],
        "dropout": 0.0,
    }
    stages = {
        "unet_config": _part("ldm.modules.diffusionmodules.openaimodel.UNetModel", network),
        "first_stage_config": _part(
            "ldm.models.autoencoder.AutoencoderKL",
            {
                "embed_dim": v.latent_channels,
                "ddconfig": autoencoder,
                "lossconfig": {"target": "torch.nn.Identity"},
            },
        ),
        "cond_stage_config": _part(
            "ldm.modules.encoders.modules.FrozenCLIPEmbedder", {"version": tokenizer}
        ),
    }
    whole = {
        **_noise(scheduler),
        "first_stage_key": "jpg",
        "cond_stage_key": "txt",
        "conditioning_key": "crossattn",
        "cond_stage_trainable": False,
        "num_timesteps_cond": 1,
        "image_size": u.sample_size,
        "channels": u.in_channels,
        "scale_factor": v.scaling_factor,
        "use_ema": False,
        **stages,
    }
    return {"model": _part("ldm.models.diffusion.ddpm.LatentDiffusion", whole)}


def _part(target: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"target": target, "params": params}


def _noise(scheduler: Mapping[str, Any]) -> dict[str, Any]:
    """Return LDM's noise settings: it calls linear what diffusers calls scaled_linear."""
    if scheduler.get("beta_schedule") != "scaled_linear" or scheduler.get("trained_betas"):
        raise refused(f"its noise schedule is {scheduler.get('beta_schedule')}, not scaled_linear")
    if scheduler.get("rescale_betas_zero_snr"):
        raise refused("its noise schedule is rescaled to end without a signal")
    kind = scheduler.get("prediction_type", "epsilon")
    if kind not in PARAMETERIZATION:
        raise refused(f"it predicts {kind}")
    return {
        "timesteps": scheduler["num_train_timesteps"],
        "linear_start": scheduler["beta_start"],
        "linear_end": scheduler["beta_end"],
        "parameterization": PARAMETERIZATION[kind],
    }


def _plain(name: str, part: Any) -> None:
    """Check that every setting the layout cannot express has its default."""
    for setting, parameter in inspect.signature(type(part).__init__).parameters.items():
        if setting == "self" or setting in SAID[name]:
            continue
        value = part.config.get(setting, parameter.default)
        if value != parameter.default:
            raise refused(f"its {name} has {setting} = {value}, for which LDM has no word")
    if not isinstance(part.config.layers_per_block, int):
        raise refused(f"its {name} has another number of layers in every level")


def attends(unet: Any) -> list[bool]:
    """Return for every level of the UNet, finest first, whether it has attention."""
    _plain("unet", unet)
    c = unet.config
    kinds = {"DownBlock2D": False, "CrossAttnDownBlock2D": True}
    if not set(c.down_block_types) <= set(kinds):
        raise refused(f"its unet has other blocks: {', '.join(c.down_block_types)}")
    levels = [kinds[block] for block in c.down_block_types]
    expected = ["CrossAttnUpBlock2D" if on else "UpBlock2D" for on in levels[::-1]]
    if list(c.up_block_types) != expected:
        raise refused("its unet does not go up as it went down")
    return levels


def _multiples(name: str, widths: list[int]) -> list[int]:
    if any(width % widths[0] for width in widths):
        raise refused(f"its {name}'s widths {tuple(widths)} are not multiples of the first")
    return [width // widths[0] for width in widths]


def _heads(unet: Any, levels: list[bool]) -> dict[str, int]:
    """Return the number of heads: diffusers' `attention_head_dim`; LDM has one number for all
    levels."""
    widths, heads = unet.config.block_out_channels, unet.config.attention_head_dim
    heads = [heads] * len(widths) if isinstance(heads, int) else list(heads)
    # the middle attends at the width of the last level
    used = [(w, h) for w, h, on in zip(widths, heads, [*levels[:-1], True]) if on]
    if len({h for _, h in used}) == 1:
        return {"num_heads": used[0][1]}
    if len({w / h for w, h in used}) == 1:
        return {"num_head_channels": used[0][0] // used[0][1]}
    raise refused(f"its unet's heads {tuple(heads)} are neither one number nor of one width")
