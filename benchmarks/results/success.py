"""Whether a picture shows what its prompt asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from diffdiff.toyworld.world import VALUES

from .. import probe
from ..prompt_pairs import KINDS, Pair

CLIP = "openai/clip-vit-base-patch32"
SCALE = 2.5  # of CLIPScore (arXiv 2104.08718)

Judge = Callable[[Pair, np.ndarray], float]


def by_probe(judge) -> Judge:
    """1 where the toy world's probe sees the word that was to change, else 0."""

    def success(pair: Pair, picture: np.ndarray) -> float:
        attribute = KINDS[pair.kind]
        said = probe.answers(judge, picture[None])[0][list(VALUES).index(attribute)]
        return float(VALUES[attribute][said] == getattr(pair.wanted, attribute))

    return success


@cache
def by_clip() -> Judge | None:
    """CLIPScore of picture and query; None where CLIP would need a download."""
    import torch
    from PIL import Image
    from transformers import CLIPModel, CLIPProcessor

    try:
        model = CLIPModel.from_pretrained(CLIP, local_files_only=True).eval()
        reader = CLIPProcessor.from_pretrained(CLIP, local_files_only=True)
    except (OSError, ValueError):
        return None

    @torch.no_grad()
    def success(pair: Pair, picture: np.ndarray) -> float:
        asked = reader(text=[pair.query], images=Image.fromarray(picture), return_tensors="pt")
        answer = model(**asked)
        cosine = torch.cosine_similarity(answer.text_embeds, answer.image_embeds)
        return float(SCALE * cosine.clamp(min=0))

    return success
