"""The part of docs/results.md on adherence. Every sentence with a figure is made from figures."""

from __future__ import annotations

from .adherence import DRAWS, PAPER
from .even import COUNT
from .methods import ABOUT, EVEN, METHODS, OURS
from .writing import marks, rows_of

PAPER_SIDE = 256  # pixels of the pictures that the paper's DAM is for
MEASURES = {
    "LPIPS": "spatial LPIPS (AlexNet)",
    "pixels": "mean absolute difference of the pixel's channels",
    "probe": "LPIPS's form on the features of the repository's own probe",
}


def of_adherence(found: dict, folder: str) -> list[str]:
    lines = [*about(found), *[f"- **{name}**: {ABOUT[name]}" for name in METHODS], ""]
    lines += [
        f"![what changed under each map]({folder}/edit-maps.png)",
        "",
        f"![CAM with intervals]({folder}/cam.png)",
        "",
    ]
    for measure, kinds in found["table"].items():
        counts = " (the goals are set for this one)" if measure == found["counts"] else ""
        lines += [f"Change by **{measure}**: {MEASURES[measure]}{counts}.", ""]
        lines += [*followed(kinds, found["size"]), ""]
    if "LPIPS" not in found["table"]:
        lines += ["LPIPS's weights were not at hand: its own figures are missing here.", ""]
    lines += [*in_pairs(found), *by_count(found)]
    return [*lines, *marks(found["goals"]), "", *reading(found), ""]


def about(found: dict) -> list[str]:
    size = found["size"]
    return [
        "## Adherence",
        "",
        f"{found['pictures']} painted landscapes, each to become another season at another time "
        "of day; all methods with one model, one schedule and one noise, strength 1. Maps are "
        "applied in all eight orientations in turn, and the change is turned back, because a "
        "landscape has sky above and ground below, which has nothing to do with the "
        "map. *Edit map*: the change from input to output, mean over all pictures, minus that of "
        "plain img2img at strength "
        "1. *CAM*: correlation of map and edit map; *DAM*: their distance after the best scale "
        "and offset, which is the map's spread times sqrt(1 - CAM²) "
        "([the paper](https://arxiv.org/abs/2306.00950)). In brackets 95 % intervals: "
        f"{DRAWS} bootstrap draws of the pictures, their spread in Fisher's z.",
        "",
        "The paper's maps are not published. These are a gradient, nine blobs, and a triangle "
        "that is graded from top to base, with about the spread that the paper's DAM and CAM "
        "imply. Its DAM is for 256x256 and is given here for "
        f"{size}x{size}; its figures are of another model and of spatial LPIPS.",
        "",
        "No model's change is proportional to strength. *Even changes* reads the map by the "
        f"model's response, measured beforehand on {COUNT} pictures that are not among these, "
        "half of the runs under the gradient, half under blobs of random place, size and height: "
        f"`response: {found['response']}`.",
        "",
    ]


def followed(kinds: dict, size: int) -> list[str]:
    """CAM and DAM of every method under every map."""
    heads = ["method", *(f"{kind} {what}" for kind in kinds for what in ("CAM", "DAM"))]
    rows = []
    for name in METHODS:
        cells = [name]
        for kind in kinds:
            row = kinds[kind][name]
            cells.append(f"{row['cam']:.3f} ({row['cam_low']:.3f} to {row['cam_high']:.3f})")
            cells.append(f"{row['dam']:.1f} ({row['dam_low']:.1f} to {row['dam_high']:.1f})")
        rows.append(cells)
    paper = ["*the paper, other model and maps*"]
    for kind in kinds:
        cam, dam = PAPER[kind]
        paper += [f"*{cam:g}*", f"*{dam * size / PAPER_SIDE:.1f}*"]
    return rows_of(heads, [*rows, paper])


def in_pairs(found: dict) -> list[str]:
    """By how much even changes lead, and what each method does to what is to be kept."""
    kinds = found["table"][found["counts"]]
    heads = [
        "method",
        *(f"{kind}: lead of even" for kind in kinds),
        *(f"{kind}: change where the map is black" for kind in kinds),
    ]
    rows = []
    for name in METHODS:
        own = [kinds[kind][name] for kind in kinds]
        leads = [f"{r['lead']:+.3f} ({r['lead_low']:+.3f} to {r['lead_high']:+.3f})" for r in own]
        kept = [f"{255 * r['kept']:.1f}" for r in own]
        rows.append([name, *("" if name == EVEN else lead for lead in leads), *kept])
    return [
        "All methods have the same pictures and noise, so their differences are known better than "
        f"the figures themselves: by how much *{EVEN}* leads in CAM, with the interval of "
        "the difference. CAM does not see one thing: whether kept areas are kept. Their mean "
        "change, in levels of 255:",
        "",
        *rows_of(heads, rows),
        "",
    ]


def by_count(found: dict) -> list[str]:
    kinds = found["by_pictures"]
    counts = next(iter(kinds.values()))
    cells = [[kind, *(f"{v:.3f}" for v in row.values())] for kind, row in kinds.items()]
    return [
        f"CAM of *{EVEN}* by the number of pictures (means of random choices): the content of the "
        "pictures averages out slowly. The paper took 1000.",
        "",
        *rows_of(["map", *counts], cells),
        "",
    ]


def reading(found: dict) -> list[str]:
    """Where ours is beaten."""
    lines = []
    for kind, rows in found["table"][found["counts"]].items():
        mine = rows[EVEN]["cam"]
        ahead = [
            f"{n} ({r['cam']:.3f})" for n, r in rows.items() if n not in OURS and r["cam"] > mine
        ]
        lines.append(f"{kind}: {', '.join(ahead)}" if ahead else f"{kind}: none")
    return [
        f"The goals are those of *{EVEN}*; of them the default ({OURS[0]}) reaches "
        f"{found['default']}. Ahead in CAM: {'; '.join(lines)}. Algorithm 1 and ours are one "
        "method: they differ in the step at which a strength is released, in the paste of kept "
        "areas, and in how the map is read. Compositing runs of several strengths follows any map "
        "by construction, pixel by pixel (where the map is white it is the picture that the edit "
        "map is measured against), at the price of the runs and of double exposures where they "
        "disagree, which CAM does not see (last column of the pictures above).",
    ]
