"""The same properties on diffusers' schedulers."""

import pytest

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks.conformance import passes
from benchmarks.schedulers import ROWS, measure
from diffdiff.standalone.schedulers import family, predicts


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_constant_parts_zero_and_full(row):
    result = measure(row)
    assert passes(result), result


@pytest.mark.parametrize(
    "row", [r for r in ROWS if "2M" in r.name or "DEIS" in r.name or "UniPC" in r.name],
    ids=lambda r: r.name,
)  # fmt: skip
def test_without_repair_it_would_be_wrong(row):
    assert measure(row)["no repair"] > 0.05


def test_unsupported_schedulers_are_named():
    import diffusers

    with pytest.raises(ValueError, match=r"PNDM is not supported\. Use one of: EulerDiscrete"):
        family(diffusers.PNDMScheduler())
    with pytest.raises(ValueError, match="v_prediction is not supported yet"):
        predicts(diffusers.DDIMScheduler(prediction_type="v_prediction"))
