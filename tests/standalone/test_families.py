"""Model families: known by the class of a pipeline or the keys of a checkpoint."""

import pytest

from diffdiff.errors import FieldError
from diffdiff.pipelines.families import of_class, of_keys


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("StableDiffusionPipeline", "sd"),
        ("StableDiffusionXLPipeline", "sdxl"),
        ("StableDiffusion3Pipeline", "sd3"),
        ("FluxPipeline", "flux"),
        ("IFPipeline", "if"),
        ("KandinskyV22Pipeline", "kandinsky"),
        ("IFSuperResolutionPipeline", "if-2"),
    ],
)
def test_families_are_known_by_class(name, family):
    assert of_class(name).name == family


def test_unknown_families_are_told():
    for wrong in ("FluxKontextPipeline", "WanPipeline", ""):
        with pytest.raises(FieldError, match="Stable Diffusion XL"):
            of_class(wrong)
    with pytest.raises(FieldError, match="no supported family"):
        of_keys(["lora_unet_down.weight"])
    assert of_keys(["model.diffusion_model.input_blocks.0", "cond_stage_model.x"]).name == "sd"
    assert of_keys(["model.diffusion_model.joint_blocks.0"]).name == "sd3"
