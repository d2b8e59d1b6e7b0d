"""A running WebUI, driven over its API: `python -m benchmarks.webui --url URL` prints the table.

For every sampler the host lists: a constant map at slider 1.0 against plain img2img at that
strength, same seed, 8-bit pictures. With *skip* off every step of the schedule is run and the
pixels are held until their own; with *skip* on the run begins where plain img2img begins. A map
that is black on one half, and one that is all black, against the input.

A sampler that draws its noise in sequence gives a later start other noise. So where the pictures
differ, both are made again with `eta` 0, which leaves the noise out of most of these samplers.
`--json FILE` keeps the rows for `python -m benchmarks.samplers_page`.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
from PIL import Image

NAME = "Differential Diffusion"


class Refused(Exception):
    """An HTTP error answer: `status` and the decoded `body`."""

    def __init__(self, status: int, body: dict):
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


def encode(picture: np.ndarray | Image.Image) -> str:
    """Base64 PNG of a picture or an 8/16-bit array."""
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    data = io.BytesIO()
    picture.save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


def decode(text: str) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(base64.b64decode(text.split(",", 1)[-1]))).convert("RGB"))


def photograph(width: int = 256, height: int = 256) -> np.ndarray:
    """A picture with edges, gradients and texture; the same every time."""
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width]).max()
    rng = np.random.default_rng(5)
    red = 0.5 + 0.4 * np.sin(7 * x + 3 * y)
    green = np.where((x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.07, 0.85, 0.3 + 0.4 * y)
    picture = np.stack([red, green, 0.9 - 0.7 * y], -1) + rng.normal(0, 0.03, (height, width, 1))
    return (picture.clip(0, 1) * 255).astype(np.uint8)


class WebUI:
    """The API of one running host."""

    def __init__(self, url: str, steps: int = 20, size: int = 256):
        self.url, self.size = url.rstrip("/"), size
        self.base = {
            "prompt": "a cat on a red sofa",
            "negative_prompt": "blurry",
            "seed": 1234,
            "steps": steps,
            "cfg_scale": 7.0,
            "width": size,
            "height": size,
            "sampler_name": "Euler",
            "denoising_strength": 0.75,
        }
        self.photograph = photograph(size, size)

    def call(self, path: str, body: dict | None = None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=900) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            try:
                body = json.loads(text)
            except ValueError:
                body = {"detail": text}
            raise Refused(error.code, body) from None

    def samplers(self) -> list[str]:
        return [s["name"] for s in self.call("/sdapi/v1/samplers")]

    def img2img(self, edit: dict | list | None = None, **settings) -> tuple[list, dict]:
        """Pictures (uint8 arrays) and the reply. edit: the extension's request, None without."""
        body = {**self.base, "init_images": [encode(self.photograph)], **settings}
        if edit is not None:
            args = edit if isinstance(edit, list) else [edit]
            body["alwayson_scripts"] = {NAME: {"args": args}}
        reply = self.call("/sdapi/v1/img2img", body)
        reply["info"] = json.loads(reply["info"])
        return [decode(i) for i in reply["images"]], reply

    def picture(self, edit: dict | list | None = None, **settings) -> np.ndarray:
        return self.img2img(edit, **settings)[0][0]

    def constant(self, value: int) -> str:
        """A map of one grey, 0..255."""
        return encode(np.full((self.size, self.size), value, np.uint8))


def difference(a: np.ndarray, b: np.ndarray) -> tuple[float, int]:
    """Mean and largest difference of two 8-bit pictures."""
    off = np.abs(a.astype(int) - b.astype(int))
    return float(off.mean()), int(off.max())


def constant(webui: WebUI, sampler: str, value: int, skip: bool, **settings) -> list:
    """A constant map of `value`/255 against plain img2img: mean and largest difference, and what
    the extension says of the sampler."""
    plain = webui.picture(sampler_name=sampler, denoising_strength=value / 255, **settings)
    edit = {"map": webui.constant(value), "skip": skip, "paste_back": False}
    edit["levels"] = "steps"  # as plain img2img; below 10 steps a grey begins between two
    pictures, reply = webui.img2img(edit, sampler_name=sampler, denoising_strength=1.0, **settings)
    said = reply["info"]["extra_generation_params"].get("DD sampler", "")
    return [*difference(pictures[0], plain), said]


def row(webui: WebUI, sampler: str) -> dict:
    """All that is measured of one sampler."""
    half = np.zeros((webui.size, webui.size), np.uint8)
    half[:, webui.size // 2 :] = 255
    settings = {"sampler_name": sampler, "denoising_strength": 0.75}
    plain = webui.picture(**settings)
    parted = webui.picture({"map": encode(half)}, **settings)
    black = webui.picture({"map": webui.constant(0), "skip": False}, **settings)
    input_, middle = webui.photograph, webui.size // 2
    found = {
        "sampler": sampler,
        "low": constant(webui, sampler, 77, False),
        "high": constant(webui, sampler, 153, False),
        "skip": constant(webui, sampler, 153, True),
        "black": difference(black, input_),
        "kept": difference(parted[:, :middle], input_[:, :middle]),
        "changed": difference(parted[:, middle:], input_[:, middle:])[0],
        "edit": difference(plain, input_)[0],
    }
    if found["high"][1] > 1 and not found["high"][2]:
        found["no noise"] = constant(webui, sampler, 153, False, eta=0.0)
    return found


def shown(pair: list | tuple) -> str:
    return "identical" if pair[1] == 0 else f"{pair[0]:.2f} (max {pair[1]})"


def note(found: dict) -> str:
    """Why a sampler's later start is another run."""
    if found["high"][2]:
        return found["high"][2]
    if found["high"][1] <= 1:
        return ""
    still = found.get("no noise")
    return f"other noise; without: {shown(still)}" if still else "other noise"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--samplers", nargs="*")
    parser.add_argument("--host", default="", help="its name and version, for the file")
    parser.add_argument("--json", help="file that the rows are added to")
    args = parser.parse_args()
    webui = WebUI(args.url, args.steps, args.size)
    webui.picture()  # the first job of a host may differ from later ones
    print("| sampler | 0.3 | 0.6 | 0.6, skip on | black | kept half | note |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    rows = []
    for sampler in args.samplers or webui.samplers():
        try:
            found = row(webui, sampler)
        except Refused as error:
            rows.append({"sampler": sampler, "refused": str(error)[:300]})
            print(f"| {sampler} | {rows[-1]['refused']} |", flush=True)
        else:
            rows.append(found)
            cells = [shown(found[k]) for k in ("low", "high", "skip", "black", "kept")]
            print(f"| {sampler} | {' | '.join(cells)} | {note(found)} |", flush=True)
        if args.json:
            about = {"host": args.host, "steps": args.steps, "size": args.size, "rows": rows}
            Path(args.json).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
