"""`python -m benchmarks.hosts --url URL --host "NAME VERSION"`: what works on a running WebUI.

For every checkpoint (as it is loaded, or each of `--checkpoints`) one job for each feature, over
the API, compared with what must hold: a black map gives the input back, a white one is plain
img2img, a constant one plain img2img at that strength, kept pixels are the input's, ... `--json
FILE` keeps the answers for `python -m benchmarks.hosts_page`, which writes docs/hosts.md.
"""

from __future__ import annotations

import argparse
import datetime
import json
from pathlib import Path

from .host_features import FEATURES, Tried
from .webui import Refused, WebUI


def tried(webui: WebUI, only: list[str] | None = None) -> dict[str, str]:
    found, about = {}, Tried(webui)
    webui.picture()  # the first job of a host may differ from later ones
    for name, function in FEATURES.items():
        if only and name not in only:
            continue
        try:
            found[name] = function(about)
        except Refused as error:
            detail = error.body.get("detail") or error.body.get("errors") or error.body
            found[name] = f"{error.status}: {detail}"[:200]
        print(f"  {name}: {found[name]}", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--host", required=True, help="its name and version")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--checkpoints", nargs="*", default=[""], help="names; none: as loaded")
    parser.add_argument("--cfg", type=float, default=7.0)
    parser.add_argument("--scheduler", default="")
    parser.add_argument("--features", nargs="*")
    parser.add_argument("--json")
    args = parser.parse_args()
    webui = WebUI(args.url, args.steps, args.size)
    webui.base["cfg_scale"] = args.cfg
    if args.scheduler:
        webui.base["scheduler"] = args.scheduler
    file = Path(args.json) if args.json else None
    rows = json.loads(file.read_text())["rows"] if file and file.exists() else []
    for name in args.checkpoints:
        if name:
            webui.call("/sdapi/v1/options", {"sd_model_checkpoint": name})
        print(name or "(as loaded)", flush=True)
        found = tried(webui, args.features)
        known = next((row for row in rows if row["checkpoint"] == name), None)
        if known is None:
            known = {"checkpoint": name, "features": {}}
            rows.append(known)
        merged = {**known["features"], **found}
        known["features"] = {name: merged[name] for name in FEATURES if name in merged}
        if file:
            about = {
                "host": args.host,
                "size": args.size,
                "steps": args.steps,
                "rows": rows,
                "date": datetime.date.today().isoformat(),
            }
            file.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
