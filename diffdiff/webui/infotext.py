"""The settings' infotext, under the name that the host's side knows."""

from ..infotext import ENABLED, MAP, key, places, reader, write

__all__ = ["ENABLED", "MAP", "key", "places", "reader", "write"]
