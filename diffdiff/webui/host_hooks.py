"""Hooks outside a job: script callbacks, and wrappers for two image-reading functions that have no
callback.

Everything here is undone when the host unloads the extension.
"""

from __future__ import annotations

import functools
from typing import Any

from modules import images, script_callbacks

from . import batch_tab, drafts, host_page, host_scripts, pieces, png_metadata, settings
from .api import routes


def start(script_class: type) -> None:
    """Register the hooks, once per load of the script. script_class: ours."""
    plain_read, plain_info = images.read, images.read_info_from_image

    @functools.wraps(plain_read)
    def read(source: Any, *args: Any, **kwargs: Any) -> Any:
        picture = plain_read(source, *args, **kwargs)
        batch_tab.on_picture_read(picture, source)
        return picture

    @functools.wraps(plain_info)
    def read_info_from_image(picture: Any, *args: Any, **kwargs: Any) -> Any:
        infotext, items = plain_info(picture, *args, **kwargs)
        png_metadata.on_info_read(infotext, items)
        return infotext, items

    images.read, images.read_info_from_image = read, read_info_from_image

    def stop() -> None:
        # another extension may have wrapped them since: then ours must stay inside theirs
        if images.read is read:
            images.read = plain_read
        if images.read_info_from_image is read_info_from_image:
            images.read_info_from_image = plain_info

    def around(runner: Any, p: Any, values: tuple[Any, ...]) -> Any:
        ours = host_scripts.values_of(runner, script_class, values)
        drafts.refuse_script(p, ours)
        return pieces.followed(p, ours)

    script_callbacks.on_script_unloaded(stop)
    script_callbacks.on_script_unloaded(host_scripts.around_runs(around))
    script_callbacks.on_ui_settings(settings.register)
    script_callbacks.on_before_image_saved(png_metadata.saving)
    script_callbacks.on_app_started(routes.register)
    script_callbacks.on_app_started(host_page.look)
