"""The settings' infotext, under the name that the host's side uses."""

from ..settings.infotext import ENABLED, MAP, STARTS, fingerprint, key, places, reader, write

__all__ = ["ENABLED", "MAP", "STARTS", "fingerprint", "key", "places", "reader", "write"]
