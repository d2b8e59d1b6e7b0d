"""The parts of the toy world's model: Stable Diffusion 1's classes, made small.

Everything is in diffusers' and transformers' own classes, and has the shapes that the LDM layout
can hold (32 groups in every norm, one attention block per level), so that the same weights load
in diffusers and, converted, in a WebUI.
"""

from __future__ import annotations

import itertools
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from diffdiff.toyworld.world import FILLERS, WORDS

SIZE = 128  # pixels of a picture
LENGTH = 77  # tokens of a prompt
WIDTH = 128  # of the text encoder
START, END = "<|startoftext|>", "<|endoftext|>"
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def new_vae():
    """AutoencoderKL, 8 times smaller, 4 channels."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        # a norm of 32 groups over 32 channels would lose the colour of a picture
        block_out_channels=(64, 64, 64, 64),
        layers_per_block=1,
        latent_channels=4,
        sample_size=SIZE,
        scaling_factor=1.0,
    )


def plain_start(vae) -> None:
    """Weights from which an autoencoder learns quickly: averages of blocks, nothing else yet.

    Every residual branch is faint and every resampling averages or repeats, so that colour and
    place come through from the first step on; the posterior starts narrow, so that its noise does
    not drown them.
    """
    import torch

    with torch.no_grad():
        for name, part in vae.named_modules():
            if name.endswith((".conv2", ".to_out.0")):
                part.weight.mul_(0.1)
            if name.endswith(("downsamplers.0.conv", "upsamplers.0.conv")):
                own = torch.eye(part.weight.shape[0])
                part.weight.mul_(0.3)
                if "down" in name:  # its padding is on the right and below
                    part.weight[:, :, :2, :2] += own[..., None, None] / 4
                else:
                    part.weight[:, :, 1, 1] += own
        vae.quant_conv.weight[4:].mul_(0.1)
        vae.quant_conv.bias[4:] = -8  # log variance


def skip_finest(vae) -> None:
    """Leaves the residual blocks of full resolution out of an autoencoder: most of the work.

    Their last convolutions become zero, so that the whole network computes the same.
    """
    import torch

    for blocks in (vae.encoder.down_blocks[0].resnets, vae.decoder.up_blocks[-1].resnets):
        for block in blocks:
            torch.nn.init.zeros_(block.conv2.weight)
            torch.nn.init.zeros_(block.conv2.bias)
            block.requires_grad_(False)
            block.forward = lambda x, temb=None: x


def new_unet():
    """UNet2DConditionModel on 16x16 latents, attention at 8x8."""
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=SIZE // 8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(64, 128),
        layers_per_block=1,
        attention_head_dim=4,  # the number of heads, as in Stable Diffusion 1
        cross_attention_dim=WIDTH,
    )


def new_text_encoder(vocabulary: int):
    """CLIPTextModel of two layers, trained with the UNet."""
    from transformers import CLIPTextConfig, CLIPTextModel

    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary,
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=LENGTH,
            projection_dim=WIDTH,
            bos_token_id=vocabulary - 2,
            eos_token_id=vocabulary - 1,
            pad_token_id=vocabulary - 1,
        )
    )


def new_scheduler():
    """DDIM with Stable Diffusion's noise schedule; any other can be made from its config.

    The model predicts v (Salimans & Ho, arXiv 2202.00512), as Stable Diffusion 2 does: what a
    prompt says of a whole picture, its light and its layout, is decided where there is nearly
    nothing but noise, and there a small model learns next to nothing from predicting the noise.
    """
    from diffusers import DDIMScheduler

    return DDIMScheduler(
        **BETAS,
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )


def new_tokenizer():
    """CLIPTokenizer whose byte pairs are learnt from the words of the captions.

    Every word of the toy world is one token; any other text falls into shorter pieces.
    """
    from transformers import CLIPTokenizer

    with tempfile.TemporaryDirectory() as folder:
        write_tokenizer(Path(folder))
        return CLIPTokenizer.from_pretrained(folder)


def write_tokenizer(folder: Path) -> None:
    """`vocab.json` and `merges.txt`, as CLIP's tokenizer reads them."""
    ways = [w for values in WORDS.values() for way in values.values() for w in way]
    text = " ".join([*ways, *FILLERS, "in a at of the and with , . : ;"])
    merges = byte_pairs(sorted(set(text.replace(",", " , ").replace(":", " : ").split())))
    alphabet = _bytes()
    tokens = [*alphabet, *(a + "</w>" for a in alphabet), *("".join(m) for m in merges), START, END]
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}
    _write(folder / "vocab.json", json.dumps(vocabulary, ensure_ascii=False))
    _write(folder / "merges.txt", "#version: 0.2\n" + "\n".join(map(" ".join, merges)) + "\n")
    _write(folder / "special_tokens_map.json", json.dumps(special, indent=2))
    config: dict[str, Any] = {"tokenizer_class": "CLIPTokenizer", "model_max_length": LENGTH}
    config |= {"do_lower_case": True, "add_prefix_space": False, "errors": "replace", **special}
    _write(folder / "tokenizer_config.json", json.dumps(config, indent=2))


def byte_pairs(words: list[str]) -> list[tuple[str, str]]:
    """Merges that make every word one token (Sennrich et al., arXiv 1508.07909).

    Ties go to the pair that comes first in the alphabet, so that the same words always give the
    same merges.
    """
    split = [(*word[:-1], word[-1] + "</w>") for word in words]
    merges = []
    while pairs := Counter(pair for word in split for pair in itertools.pairwise(word)):
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        split = [_merged(word, best) for word in split]
    return merges


def _merged(word: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    out: list[str] = []
    for piece in word:
        if out and (out[-1], piece) == pair:
            out[-1] += piece
        else:
            out.append(piece)
    return tuple(out)


def _bytes() -> list[str]:
    """The 256 characters that stand for bytes in byte-level BPE (GPT-2)."""
    from tokenizers.pre_tokenizers import ByteLevel

    return sorted(ByteLevel.alphabet())


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def tokens_of(tokenizer, captions: list[str]):
    """Token ids `[B, 77]`, int64, as the pipelines make them."""
    return tokenizer(
        captions, padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt"
    ).input_ids


def assemble(vae, unet, text_encoder, tokenizer):
    """A StableDiffusionPipeline of the parts."""
    from diffusers import StableDiffusionPipeline

    return StableDiffusionPipeline(
        vae=vae,
        unet=unet,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
