"""Write a model for a WebUI: `python -m diffdiff.toyworld.export --out .../toyworld`.

A diffusers folder of Stable Diffusion 1's kind, of any size, becomes an LDM checkpoint. A1111
guesses the sizes of a checkpoint unless a `.yaml` of the same name lies beside it, and fetches
OpenAI's tokenizer unless that names another; so both are written too.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from ..errors import FieldError
from . import ldm_config, ldm_weights
from .ldm_config import refused

PARTS = {
    "unet": "UNet2DConditionModel",
    "vae": "AutoencoderKL",
    "text_encoder": "CLIPTextModel",
    "tokenizer": "CLIPTokenizer",
}
TEXT_CONFIG = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "projection_dim",
    "num_hidden_layers",
    "num_attention_heads",
    "max_position_embeddings",
    "hidden_act",
    "layer_norm_eps",
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
)
MARK = {"format": "pt"}  # one entry: the order of two is chance, and with it the file's hash
NOTE = """\
# Written by diffdiff.toyworld.export. `version` is where the tokenizer's folder lies: to move the
# checkpoint, export again.
"""


def export(folder: Path, out: Path) -> list[Path]:
    """Write a diffusers folder as an LDM checkpoint that A1111 loads.

    Args:
        folder: what `save_pretrained` of a StableDiffusionPipeline wrote.
        out: path of the checkpoint, with or without `.safetensors`; its folder is made. What lies
            there under these names is replaced, file by file.

    Returns:
        The files written: `OUT-tokenizer/*` (tokenizer and the text encoder's config),
        `OUT.yaml` (settings of the LDM classes), `OUT.safetensors` (weights, fp16).

    Raises:
        FieldError: field "model"; no such folder, or a model that the layout cannot hold. Nothing
            has been written then.
    """
    import torch
    import yaml
    from safetensors.torch import save

    folder, out = Path(folder), Path(os.path.abspath(out))
    base = str(out).removesuffix(".safetensors")
    checkpoint, settings, words = (Path(base + s) for s in (".safetensors", ".yaml", "-tokenizer"))
    unet, vae, text_encoder = load(folder)
    config = ldm_config.config(
        unet, vae, _json(folder / "scheduler/scheduler_config.json"), str(words)
    )
    tensors = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in ldm_weights.state(unet, vae, text_encoder)
    }
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise refused(f"its weight {name} is not finite in fp16")
    files = {words / name: text for name, text in tokenizer_files(folder / "tokenizer").items()}
    files[words / "config.json"] = _text(text_config(text_encoder))
    files[settings] = NOTE + yaml.safe_dump(config, sort_keys=False)
    words.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        _put(path, text.encode())
    # last: a WebUI that sees the checkpoint finds the rest
    _put(checkpoint, save(tensors, MARK))
    return [*files, checkpoint]


def load(folder: Path) -> tuple[Any, Any, Any]:
    """Load UNet2DConditionModel, AutoencoderKL and CLIPTextModel of a pipeline's folder.

    Raises:
        FieldError: field "model"; no such folder, or parts of another kind.
    """
    index = folder / "model_index.json"
    if not index.is_file():
        raise refused(f"{folder} has no model_index.json")
    parts = {
        name: entry[1]
        for name, entry in _json(index).items()
        if isinstance(entry, list) and entry[1] is not None
    }
    for name, kind in PARTS.items():
        got = parts.pop(name, None)
        if got != kind and got != kind + "Fast":
            raise refused(f"its {name} is {got or 'missing'}, not {kind}")
    others = sorted(set(parts) - {"scheduler", "safety_checker", "feature_extractor"})
    if others:
        raise refused(f"it has parts that LDM does not know: {', '.join(others)}")

    import diffusers
    import transformers

    def part(library: Any, name: str) -> Any:
        return getattr(library, PARTS[name]).from_pretrained(folder / name, local_files_only=True)

    return part(diffusers, "unet"), part(diffusers, "vae"), part(transformers, "text_encoder")


def text_config(text_encoder: Any) -> dict[str, Any]:
    """Return `config.json` for CLIPTextModel of any version of transformers."""
    encoder = text_encoder.config.to_dict()
    config: dict[str, Any] = {"architectures": ["CLIPTextModel"], "model_type": "clip_text_model"}
    return config | {name: encoder[name] for name in TEXT_CONFIG if encoder.get(name) is not None}


def tokenizer_files(folder: Path) -> dict[str, str]:
    """Return file name -> text, of CLIP's tokenizer as versions of transformers before 5 read it.

    transformers 5 writes one `tokenizer.json`; its vocabulary and merges are taken out of it.

    Raises:
        FieldError: field "model"; the folder holds neither form.
    """
    one, config = folder / "tokenizer.json", _json(folder / "tokenizer_config.json")
    if (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
        vocabulary = (folder / "vocab.json").read_text("utf-8")
        merges = (folder / "merges.txt").read_text("utf-8")
    elif one.is_file():
        kept = _json(one)["model"]
        vocabulary = json.dumps(kept["vocab"], ensure_ascii=False)
        pairs = (m if isinstance(m, str) else " ".join(m) for m in kept["merges"])
        merges = "\n".join(["#version: 0.2", *pairs, ""])
    else:
        raise refused(f"{folder} has neither vocab.json and merges.txt nor tokenizer.json")
    names = ("bos_token", "eos_token", "unk_token", "pad_token")
    # older files say more about a token than its text
    tokens = {n: t["content"] if isinstance(t := config[n], dict) else t for n in names}
    settings = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": config["model_max_length"],
        "do_lower_case": True,
        "add_prefix_space": False,
        "errors": "replace",
        **tokens,
    }
    return {
        "vocab.json": vocabulary,
        "merges.txt": merges,
        "special_tokens_map.json": _text(tokens),
        "tokenizer_config.json": _text(settings),
    }


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise refused(f"{path} is missing")
    return json.loads(path.read_text("utf-8"))


def _text(config: dict[str, Any]) -> str:
    return json.dumps(config, indent=2) + "\n"


def _put(path: Path, data: bytes) -> None:
    """Write a file all or nothing: a reader never sees half of it."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(data)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m diffdiff.toyworld.export", description=(__doc__ or "").partition("\n")[0]
    )
    packaged = Path(__file__).parent / "model"
    parser.add_argument(
        "--model", type=Path, default=packaged, help="diffusers folder (the toy world's)"
    )
    parser.add_argument("--out", type=Path, required=True, help="checkpoint, without .safetensors")
    args = parser.parse_args(argv)
    try:
        written = export(args.model, args.out)
    except FieldError as error:
        parser.error(str(error))
    print(*written, sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
