"""The settings' infotext, under the name that the host's side uses."""

from __future__ import annotations

from ..settings.infotext import ENABLED, MAP, STARTS, fingerprint, key, places, reader, write

PASS, SECOND = "DD pass", "hires"  # of txt2img: a map of the second pass
DRAFT = "DD draft"  # steps and size; all else is of the run that it is a draft of

__all__ = [
    "DRAFT",
    "ENABLED",
    "MAP",
    "PASS",
    "SECOND",
    "STARTS",
    "fingerprint",
    "key",
    "places",
    "reader",
    "write",
]
