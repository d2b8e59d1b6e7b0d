"""The settings' infotext, under the name that the host's side uses."""

from ..settings.infotext import ENABLED, MAP, STARTS, key, places, reader, write

__all__ = ["ENABLED", "MAP", "STARTS", "key", "places", "reader", "write"]
