"""Differential Diffusion over the WebUI's API: `python -m examples.api IN --map MAP --out OUT`.

Every setting of the extension can be given as `--set name=value`, e.g. `--set soften_radius=24`.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path


def base64_of(path: str) -> str:
    return base64.b64encode(Path(path).read_bytes()).decode()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture")
    parser.add_argument("--map", required=True, help="white changes, black is kept")
    parser.add_argument("--out", required=True)
    parser.add_argument("--url", default="http://127.0.0.1:7860")
    parser.add_argument("--prompt", default="")
    parser.add_argument("--strength", type=float, default=0.75)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--sampler", default="DPM++ 2M")
    parser.add_argument("--seed", type=int, default=-1)
    parser.add_argument("--size", type=int, nargs=2, default=(512, 512), metavar=("W", "H"))
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    args = parser.parse_args()

    edit = {"map": base64_of(args.map)}
    for pair in args.set:
        name, _, value = pair.partition("=")
        try:
            edit[name] = json.loads(value)
        except ValueError:
            edit[name] = value
    request = {
        "init_images": [base64_of(args.picture)],
        "prompt": args.prompt,
        "denoising_strength": args.strength,
        "steps": args.steps,
        "sampler_name": args.sampler,
        "seed": args.seed,
        "width": args.size[0],
        "height": args.size[1],
        "alwayson_scripts": {"Differential Diffusion": {"args": [edit]}},
    }
    try:
        answer = urllib.request.urlopen(
            urllib.request.Request(
                args.url.rstrip("/") + "/sdapi/v1/img2img",
                json.dumps(request).encode(),
                {"Content-Type": "application/json"},
            )
        )
    except urllib.error.HTTPError as error:
        print(f"{error.code}: {json.load(error).get('detail')}", file=sys.stderr)
        return 1
    reply = json.load(answer)
    Path(args.out).write_bytes(base64.b64decode(reply["images"][0]))
    print(json.loads(reply["info"])["infotexts"][0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
