"""Doubles of the hosts' scripts that edit in parts, in their words of Pillow and NumPy."""

import math

import numpy as np
from kind_runs import process_images
from PIL import Image, ImageDraw

TILE, OVERLAP = (48, 32), 16


class Upscaler:
    """One that works on arrays."""

    def upscale(self, picture, scale, name=None):
        return Image.fromarray(np.asarray(picture).repeat(scale, 0).repeat(scale, 1))


def along(length, tile):
    """Where tiles begin, so that they share `OVERLAP` pixels or more."""
    count = math.ceil((length - OVERLAP) / (tile - OVERLAP))
    step = (length - tile) / (count - 1) if count > 1 else 0
    return [min(int(i * step), length - tile) for i in range(count)]


class Grid:
    """SD upscale: enlarge, cut into tiles that overlap, work on batches of them, put together."""

    def __init__(self, scaler=None, batch=1):
        self.scaler, self.batch, self.seen = scaler, batch, []

    def title(self):
        return "SD upscale"

    def run(self, p):
        picture = flattened(p.init_images[0])
        if self.scaler is None:
            picture = picture.resize((2 * picture.width, 2 * picture.height), Image.LANCZOS)
        else:
            picture = self.scaler.upscale(picture, 2)
        corners = [
            (x, y) for y in along(picture.height, TILE[1]) for x in along(picture.width, TILE[0])
        ]
        tiles = [picture.crop((x, y, x + TILE[0], y + TILE[1])) for x, y in corners]
        p.width, p.height = TILE
        done = []
        for i in range(0, len(tiles), self.batch):
            p.batch_size, p.init_images = self.batch, tiles[i : i + self.batch]
            p.batch_size = len(p.init_images)
            processed = process_images(p)
            p.seed += 1
            done += processed.images
        whole = np.array(picture)
        for (x, y), tile in zip(corners, done):
            whole[y : y + TILE[1], x : x + TILE[0]] = np.asarray(tile)
        self.seen = [p.init_images]
        processed.images, processed.enlarged = [Image.fromarray(whole)], picture
        return processed


class Redraw:
    """Ultimate SD upscale: one tile of the whole after another, each as *only masked*."""

    def title(self):
        return "Ultimate SD upscale"

    def run(self, p):
        picture = flattened(p.init_images[0])
        first = picture = picture.resize((2 * picture.width, 2 * picture.height), Image.LANCZOS)
        p.inpaint_full_res, p.inpaint_full_res_padding, p.mask_blur = True, 8, 0
        p.width, p.height = 64, 64
        for y in range(0, picture.height, 48):
            for x in range(0, picture.width, 64):
                mask = Image.new("L", picture.size, "black")
                ImageDraw.Draw(mask).rectangle((x, y, x + 63, y + 47), fill="white")
                p.init_images, p.image_mask, p.paste_to = [picture], mask, None
                processed = process_images(p)
                picture = processed.images[0]
        processed.images, processed.enlarged = [picture], first
        return processed


class Outwards:
    """Poor man's outpainting, to the right: the picture on a larger canvas, in tiles."""

    def title(self):
        return "Poor man's outpainting"

    def run(self, p):
        picture, more = p.init_images[0].convert("RGB"), 48
        canvas = Image.new("RGB", (picture.width + more, picture.height))
        canvas.paste(picture, (0, 0))
        self.pieces = []
        for left in (0, canvas.width - 64):
            p.init_images = [canvas.crop((left, 0, left + 64, 48))]
            p.width, p.height = 64, 48
            processed = process_images(p)
            self.pieces.append((left, processed.images[0]))
        processed.canvas = canvas
        return processed


class Noised:
    """Outpainting mk2, to the right: the new area is noise that was added to an array, and the job
    has a mask of its own."""

    more, rim = 32, 24

    def title(self):
        return "Outpainting mk2"

    def run(self, p):
        picture = p.init_images[0].convert("RGB")
        p.inpaint_full_res, p.inpainting_fill, p.mask_blur = False, 1, 0
        canvas = Image.new("RGB", (picture.width + self.more, picture.height))
        canvas.paste(picture, (0, 0))
        mask = Image.new("L", canvas.size, "white")
        old = picture.width - self.rim
        ImageDraw.Draw(mask).rectangle((0, 0, old - 1, picture.height), fill="black")
        array, new = np.asarray(canvas) / 255.0, (np.asarray(mask) / 255.0)[..., None]
        noise = np.random.default_rng(0).random(array.shape)
        array = np.clip((array * (1 - new) + noise * new) * 255.0, 0.0, 255.0).astype(np.uint8)
        canvas = Image.fromarray(array)
        left = canvas.width - 64
        p.init_images = [canvas.crop((left, 0, canvas.width, canvas.height))]
        p.image_mask = mask.crop((left, 0, canvas.width, canvas.height))
        p.width, p.height = 64, picture.height
        processed = process_images(p)
        processed.given = p.init_images[0]
        canvas.paste(processed.images[0], (left, 0))
        processed.images = [canvas]
        return processed


class Arrays:
    """What it hands over was an array in between, and its pixels have moved."""

    def title(self):
        return "My script"

    def run(self, p):
        picture = np.asarray(p.init_images[0].convert("RGB"))
        p.init_images = [Image.fromarray(np.roll(picture, 8, 1))]
        return process_images(p)


class Again:
    """Loopback, and a script that hands over the same picture as another object."""

    def title(self):
        return "Loopback"

    def run(self, p):
        p.init_images = [Image.fromarray(np.asarray(p.init_images[0]))]
        for _ in range(2):
            processed = process_images(p)
            p.init_images = [processed.images[0]]
        return processed


def flattened(picture):
    """As hosts lay transparency on a color."""
    if picture.mode == "RGBA":
        ground = Image.new("RGBA", picture.size, "white")
        ground.paste(picture, mask=picture)
        picture = ground
    return picture.convert("RGB")
