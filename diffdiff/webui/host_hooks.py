"""What the host does between jobs, looked at: callbacks, and two functions that tell nobody.

Everything here is undone when the host unloads the extension.
"""

from __future__ import annotations

import functools
from typing import Any

from modules import images, script_callbacks

from . import batch_tab, host_page, png_metadata, settings
from .api import routes


def start() -> None:
    """Once for each time that the host loads the script."""
    plain_read, plain_info = images.read, images.read_info_from_image

    @functools.wraps(plain_read)
    def read(source: Any, *args: Any, **kwargs: Any) -> Any:
        picture = plain_read(source, *args, **kwargs)
        batch_tab.met(picture, source)
        return picture

    @functools.wraps(plain_info)
    def read_info_from_image(picture: Any, *args: Any, **kwargs: Any) -> Any:
        infotext, items = plain_info(picture, *args, **kwargs)
        png_metadata.met(infotext, items)
        return infotext, items

    images.read, images.read_info_from_image = read, read_info_from_image

    def stop() -> None:
        # another extension may have wrapped them since: then ours must stay inside of theirs
        if images.read is read:
            images.read = plain_read
        if images.read_info_from_image is read_info_from_image:
            images.read_info_from_image = plain_info

    script_callbacks.on_script_unloaded(stop)
    script_callbacks.on_ui_settings(settings.register)
    script_callbacks.on_before_image_saved(png_metadata.saving)
    script_callbacks.on_app_started(routes.register)
    script_callbacks.on_app_started(host_page.look)
