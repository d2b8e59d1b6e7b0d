"""Fields that only a WebUI has a use for."""

from __future__ import annotations

from .click import ClickArgs
from .coarse import SKETCHED
from .schema import fields
from .sources import DiffEditArgs, SourceArgs, WordsArgs

HOST_ONLY = (  # fields that concern a WebUI's mask, or that other commands have
    "combine",
    "mask_channel",
    "source",
    "query",
    "other_image",
    "annotator",
    "layers",
    *SKETCHED,
    *fields(SourceArgs),
    *fields(DiffEditArgs),
    *fields(WordsArgs),
    *fields(ClickArgs),
)
