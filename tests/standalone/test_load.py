"""Loading: what is found by name, folder and file, and what is told when it is not."""

import json

import pytest
import torch

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks.pipelines import PIPELINES
from diffdiff.errors import FieldError
from diffdiff.pipelines import load as loading
from diffdiff.pipelines.load import load


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def folder(tmp_path, name="sd"):
    pipe = PIPELINES[name].engine().pipe
    pipe.save_pretrained(tmp_path / name)
    path = tmp_path / name / "model_index.json"
    # parts that are left out are named so, as in checkpoints on the hub
    left_out = {part: [None, None] for part in pipe.components}
    path.write_text(json.dumps({**left_out, **json.loads(path.read_text())}))
    return tmp_path / name


def told(source, **options) -> FieldError:
    with pytest.raises(FieldError) as error:
        load(str(source), **options)
    assert "\n" not in str(error.value)
    return error.value


@pytest.mark.parametrize("name", ["sd", "sdxl", "sd3", "flux", "if", "if-2"])
def test_a_folder_of_every_family(tmp_path, name):
    engine = load(str(folder(tmp_path, name)), device="cpu")
    assert (engine.family, engine.name) == (name, name)
    assert type(engine.pipe).__name__ == engine.rules.pipeline


def test_a_text2img_folder_becomes_img2img(tmp_path):
    path = folder(tmp_path)
    index = json.loads((path / "model_index.json").read_text())
    index["_class_name"] = "StableDiffusionPipeline"
    (path / "model_index.json").write_text(json.dumps(index))
    pipe = load(str(path), device="cpu", dtype="bfloat16").pipe
    assert type(pipe).__name__ == "StableDiffusionImg2ImgPipeline"
    assert pipe.unet.dtype == torch.bfloat16


def test_the_packaged_model_knows_its_size():
    engine = load("toyworld", device="cpu")
    assert (engine.family, engine.name, engine.native) == ("sd", "toyworld", 128)
    assert engine.reads_text


def test_a_checkpoint_without_a_text_encoder_loads_and_says_so(tmp_path):
    engine = load(str(folder(tmp_path)), device="cpu")
    assert not engine.reads_text


def test_a_refiner_only_goes_on_after_its_kind(tmp_path):
    sd, sdxl = folder(tmp_path, "sd"), folder(tmp_path, "sdxl")
    assert load(str(sdxl), second=str(sdxl), device="cpu").second.family == "sdxl"
    assert told(sd, second=str(sdxl), device="cpu").field == "second"


def test_what_is_not_there_or_not_a_model(tmp_path):
    assert "model_index.json" in str(told(tmp_path))
    (tmp_path / "model_index.json").write_text("{ no")
    assert "cannot be read" in str(told(tmp_path))
    (tmp_path / "model_index.json").write_text('{"_class_name": "WanPipeline"}')
    assert "no supported family" in str(told(tmp_path))
    assert "there is no" in str(told(tmp_path / "missing.safetensors"))
    assert "there is no" in str(told("no such thing"))
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"not a checkpoint")
    assert "not a readable .safetensors" in str(told(broken))
    pickled = tmp_path / "model.ckpt"
    pickled.write_bytes(b"x")
    assert "not a .safetensors file" in str(told(pickled))


def test_a_folder_with_a_missing_part(tmp_path):
    path = folder(tmp_path)
    for file in (path / "unet").iterdir():
        file.unlink()
    error = told(path)
    assert error.field == "model" and "could not be loaded" in str(error)


def test_a_hub_id_without_a_network():
    error = told("somebody/some-model")
    assert error.field == "model" and "could not be loaded" in str(error)


def test_options_are_checked():
    assert told("toyworld", dtype="float8").field == "dtype"
    assert told("toyworld", offload="disk").field == "offload"
    assert told("toyworld", offload="model", device="cpu").field == "offload"
    assert told("toyworld", device="abacus").field == "device"


def test_half_precision_goes_where_there_is_an_accelerator():
    from diffdiff.pipelines.families import of_class

    sd, flux = of_class("StableDiffusionPipeline"), of_class("FluxPipeline")
    assert loading._dtype("auto", "cpu", sd) is torch.float32
    assert loading._dtype("auto", "cuda", sd) is torch.float16
    assert loading._dtype("auto", "cuda", flux) is torch.bfloat16


def test_slicing_is_diffusers_own():
    pipe = load("toyworld", device="cpu", slicing=True).pipe
    assert pipe.vae.use_slicing
