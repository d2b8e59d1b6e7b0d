"""`python -m benchmarks.conformance`: a constant map against plain img2img, sampler by sampler.

Every row runs a real sampler with a small nonlinear denoiser, with the hold on the full schedule
(strength 1, nothing skipped), and compares with the plain run of the same strength:

* constant: the largest relative error over constant maps 0.25, 0.5, 0.8;
* parts: a map of four strengths, with a denoiser that looks at one pixel at a time, so that each
  part must equal the plain run of its own strength;
* path: how far held pixels stray from `init (+) noise` at any call of that run;
* map 0 must give the init latent, map 1 the plain run at strength 1, both bit for bit;
* memory: for how many steps the probe found that the sampler remembers;
* "no replay" is the same as "constant" with the sampler's memory left alone: the test can fail.

Exits 1 when a row exceeds its tolerance.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec

from . import bench
from .bench import STEPS, Bench, Row

ROWS = [
    Row("Euler", "sample_euler"),
    Row("Heun", "sample_heun"),
    Row("DPM2", "sample_dpm_2"),
    Row("DPM++ SDE", "sample_dpmpp_sde", noise=True),
    Row("DPM++ 2M SDE", "sample_dpmpp_2m_sde", noise=True),
    Row("DPM++ 2M SDE Heun", "sample_dpmpp_2m_sde", noise=True, options=(("solver_type", "heun"),)),
    Row("DPM++ 3M SDE", "sample_dpmpp_3m_sde", noise=True),
    Row("DPM++ 2M", "sample_dpmpp_2m"),
    Row("LMS", "sample_lms"),
    Row("Euler a, replayed noise", "sample_euler_ancestral", noise=True),
    Row("DPM2 a, replayed noise", "sample_dpm_2_ancestral", noise=True),
    Row("DPM++ 2S a, replayed noise", "sample_dpmpp_2s_ancestral", noise=True),
    Row("LCM, replayed noise", "sample_lcm", noise=True),
    Row("DDIM", "ddim"),
    Row("DDIM CFG++", "ddim_cfgpp"),
    Row("PLMS", "plms"),
    Row("IPNDM", "sample_ipndm"),
    Row("IPNDM_V", "sample_ipndm_v"),
    Row("DEIS", "sample_deis"),
    Row("HeunPP2", "sample_heunpp2"),
    Row("ER SDE", "sample_er_sde", noise=True),
    Row("Res Multistep", "sample_res_multistep", noise=True),
    Row("Res Multistep a, replayed", "sample_res_multistep_ancestral", noise=True),
    Row("Gradient Estimation", "sample_gradient_estimation"),
    Row("SA-Solver, replayed", "sample_sa_solver", noise=True),
    Row("SA-Solver PECE, replayed", "sample_sa_solver_pece", noise=True),
    Row("SEEDS 2, replayed", "sample_seeds_2", noise=True),
    Row("SEEDS 3, replayed", "sample_seeds_3", noise=True),
    Row("Euler CFG++", "sample_euler_cfg_pp"),
    Row("DPM++ 2M CFG++", "sample_dpmpp_2m_cfg_pp"),
    Row("UniPC, on a copy", "sample_unipc"),
    Row("DDPM, replayed", "sample_ddpm", noise=True),
    Row("Euler a RF, replayed", "sample_euler_ancestral_rf", noise=True, flow=True),
    Row("DPM++ 2S a RF, replayed", "sample_dpmpp_2s_ancestral_rf", noise=True, flow=True),
    Row("flow Euler", "sample_euler", flow=True),
    Row("flow DPM++ 2M", "sample_dpmpp_2m", flow=True),
    Row("flow ER SDE", "sample_er_sde", noise=True, flow=True),
    Row("at -x (Kohaku's way)", "sample_kohaku_like", noise=True, tolerance=None),
    Row("at a quarter (Dy's way)", "sample_quarter", tolerance=None),
    Row("Restart", "restart_sampler", noise=True, tolerance=None),
    Row("DPM fast", "sample_dpm_fast", noise=True, tolerance=None),
    Row("DPM adaptive", "sample_dpm_adaptive", noise=True, tolerance=None),
]


def measure(row: Row, steps: int = STEPS) -> dict:
    return bench.measure(Bench(row, steps=steps), Bench(row, local=True, steps=steps))


def passes(result: dict) -> bool:
    limit = result["tolerance"]
    close = limit is None or (result["constant"] <= limit and result["parts"] <= limit)
    equal = result["zero"] and result["full"] and result["levels"]
    return close and equal and result["path"] < 1e-4


def results() -> Iterator[dict]:
    for row in ROWS:
        yield measure(row)
    # k-diffusion's functions need no diffusers
    if find_spec("diffusers") is None:
        print("diffusers is not installed: its schedulers are left out", file=sys.stderr)
        return
    from . import schedulers

    for row in schedulers.ROWS:
        yield schedulers.measure(row)


def line(result: dict) -> str:
    compared = result["tolerance"] is not None
    cells = [f"{result[k]:9.1e}" if compared else f"{'-':>9}" for k in ("constant", "parts")]
    same = ["equal  " if result[k] else "DIFFERS" for k in ("zero", "full")]
    control = f"{result['no replay']:9.1e}" if compared else f"{'-':>9}"
    return (
        f"{result['sampler']:28} {cells[0]} {cells[1]} {result['path']:9.1e}  {same[0]} {same[1]} "
        f"{control}  {result['memory']}{'' if passes(result) else '   FAILS'}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object per row")
    args = parser.parse_args()
    verdicts = []
    if not args.json:
        print(
            f"{'sampler':28} {'constant':>9} {'parts':>9} {'path':>9}  map 0   map 1   "
            f"{'no replay':>9}  memory"
        )
    for result in results():
        verdicts.append(passes(result))
        print(json.dumps(result | {"ok": verdicts[-1]}) if args.json else line(result), flush=True)
    if not args.json:
        print(f"{sum(verdicts)} of {len(verdicts)} samplers within their limit")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
