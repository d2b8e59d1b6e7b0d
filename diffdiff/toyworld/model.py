"""The parts of the toy world's model: Stable Diffusion 1's classes, made small.

Everything is in diffusers' and transformers' own classes, and has the shapes that the LDM layout
can hold (32 groups in every norm, one attention block per level), so that the same weights load
in diffusers and, converted, in a WebUI.
"""

from __future__ import annotations

import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

from .world import FILLERS, WORDS

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
        block_out_channels=(32, 32, 64, 64),
        layers_per_block=1,
        latent_channels=4,
        sample_size=SIZE,
        scaling_factor=1.0,
    )


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
    """DDIM with Stable Diffusion's noise schedule; any other can be made from its config."""
    from diffusers import DDIMScheduler

    return DDIMScheduler(**BETAS, clip_sample=False, set_alpha_to_one=False, steps_offset=1)


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
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    ways = [w for values in WORDS.values() for way in values.values() for w in way]
    text = " ".join([*ways, *FILLERS, "in a at of the and with , . : ;"])
    words = sorted(set(text.replace(",", " , ").replace(":", " : ").split()))
    bpe = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    bpe.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=2000, end_of_word_suffix="</w>", show_progress=False, special_tokens=[]
    )
    bpe.train_from_iterator(itertools.repeat(" ".join(words), 3), trainer)
    merges = [tuple(m) for m in json.loads(bpe.to_str())["model"]["merges"]]
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
