"""A diffusers folder -> an LDM checkpoint -> diffusers again: nothing may have changed."""

import json
import shutil
import socket
from collections import namedtuple
from pathlib import Path

import pytest
import torch

pytest.importorskip("transformers", reason="no transformers: the export loads a text encoder")
from diffusers import AutoencoderKL, StableDiffusionImg2ImgPipeline
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import CLIPTextConfig, CLIPTokenizer
from yaml import safe_load

from benchmarks.recipe import model
from diffdiff.errors import FieldError
from diffdiff.toyworld import export

PROMPTS = ["a winter night, hills", 'Café 12\'s "zebra", snow,snow', ""]


# changes to the toy world's UNet and VAE, and what the LDM config then says
Kind = namedtuple("Kind", "unet vae says ch_mult")
TOY = Kind(
    dict(block_out_channels=(64, 128)),
    dict(block_out_channels=(32, 32, 64, 64)),
    dict(model_channels=64, channel_mult=[1, 2], attention_resolutions=[2], num_heads=4),
    [1, 1, 2, 2],
)
DEEP = Kind(
    dict(
        block_out_channels=(32, 64, 96),
        layers_per_block=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=(2, 4, 6),
        use_linear_projection=True,
    ),
    dict(layers_per_block=2, block_out_channels=(32, 32, 64)),
    dict(
        model_channels=32,
        channel_mult=[1, 2, 3],
        attention_resolutions=[1, 4],
        num_res_blocks=2,
        num_head_channels=16,
        use_linear_in_transformer=True,
    ),
    [1, 1, 2],
)
FLAT = Kind(
    dict(
        block_out_channels=(64, 64),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    ),
    dict(layers_per_block=3, block_out_channels=(32,)),
    dict(attention_resolutions=[1], channel_mult=[1, 1]),
    [1],
)
KINDS = {"toy": TOY, "deep": DEEP, "flat": FLAT}


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(self, address):
        raise AssertionError(f"asked for {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def changed(part, **settings):
    config = {k: v for k, v in part.config.items() if not k.startswith("_")} | settings
    return type(part)(**config)


def saved(folder: Path, kind: Kind) -> Path:
    torch.manual_seed(3)
    n = len(kind.vae.get("block_out_channels", range(4)))
    blocks = [["DownEncoderBlock2D"] * n, ["UpDecoderBlock2D"] * n]
    ends = dict(zip(("down_block_types", "up_block_types"), blocks))
    vae = changed(model.new_vae(), scaling_factor=0.7, **ends, **kind.vae)
    unet = changed(model.new_unet(), **kind.unet)
    tokenizer = model.new_tokenizer()
    text = model.new_text_encoder(len(tokenizer))
    for part in (vae, unet, text):
        part.eval()
        with torch.no_grad():
            for parameter in part.parameters():  # no two norms alike
                parameter.add_(0.1 * torch.randn_like(parameter))
        part.half()
    model.assemble(vae, unet, text, tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=KINDS)
def case(request, tmp_path_factory):
    """(kind, the diffusers folder, the files written, by name)."""
    base = tmp_path_factory.mktemp(request.param)
    folder = saved(base / "model", KINDS[request.param])
    files = export.export(folder, base / "out" / "toy.v1")
    return KINDS[request.param], folder, {f.name: f for f in files}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("kept"), TOY)


@pytest.fixture
def toy(kept, tmp_path):
    """A folder of one's own."""
    return Path(shutil.copytree(kept, tmp_path / "model"))


def rewrite(path: Path, **settings):
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def test_the_files(case):
    _, _, files = case
    words = {"vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json"}
    assert set(files) == {"toy.v1.safetensors", "toy.v1.yaml", "config.json", *words}
    base = files["toy.v1.yaml"].parent
    assert files["config.json"].parent == base / "toy.v1-tokenizer"
    assert {p.name for p in base.rglob("*") if p.is_file()} == set(files), "nothing else is left"


def test_diffusers_reads_the_same_weights(case):
    _, folder, files = case
    pipeline = StableDiffusionImg2ImgPipeline.from_single_file(
        str(files["toy.v1.safetensors"]), config=str(folder)
    )
    ours = export.load(folder)
    theirs = pipeline.unet, pipeline.vae, pipeline.text_encoder
    for x, y in zip(ours, theirs):
        a, b = x.half().state_dict(), y.half().state_dict()
        assert type(x) is type(y) and a.keys() == b.keys()
        assert all(torch.equal(a[k], b[k]) for k in a), type(x)
    assert pipeline.vae.config.scaling_factor == 0.7
    ids = model.tokens_of(pipeline.tokenizer, PROMPTS[:1])
    torch.manual_seed(4)
    picture, latents, outputs = torch.rand(1, 3, 32, 32), torch.randn(1, 4, 8, 8), []
    for unet, vae, text_encoder in (ours, theirs):
        for part in (unet, vae, text_encoder):
            part.float().eval()
        with torch.no_grad():
            text = text_encoder(ids).last_hidden_state
            encoded, decoded = vae.encode(picture).latent_dist.mean, vae.decode(latents).sample
            outputs.append([text, unet(latents, 500, text).sample, encoded, decoded])
    for a, b in zip(*outputs):
        assert torch.equal(a, b) and a.std() > 0


def test_the_checkpoint_is_of_the_ldm_layout(case):
    _, folder, files = case
    tensors = load_file(files["toy.v1.safetensors"])
    heads = ("model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer.")
    assert all(name.startswith(heads) for name in tensors)
    positions = tensors.pop("cond_stage_model.transformer.text_model.embeddings.position_ids")
    assert positions.tolist() == [list(range(77))] and positions.dtype == torch.int64
    assert {t.dtype for t in tensors.values()} == {torch.float16}
    assert len(tensors) == sum(len(load_file(f)) for f in folder.glob("*/*.safetensors"))
    assert tensors["first_stage_model.decoder.mid.attn_1.proj_out.weight"].shape[2:] == (1, 1)
    with safe_open(files["toy.v1.safetensors"], "pt") as file:
        assert file.metadata() == {"format": "pt"}


def test_the_settings(case):
    kind, _, files = case
    whole = safe_load(files["toy.v1.yaml"].read_text())["model"]["params"]
    unet = whole["unet_config"]["params"]
    assert unet.items() >= kind.says.items()
    assert ("num_heads" in unet) != ("num_head_channels" in unet)
    vae = whole["first_stage_config"]["params"]["ddconfig"]
    assert vae["ch_mult"] == kind.ch_mult
    assert vae["num_res_blocks"] == kind.vae.get("layers_per_block", 1)
    assert whole["scale_factor"] == 0.7 and whole["parameterization"] == "v"
    assert (whole["linear_start"], whole["linear_end"]) == (0.00085, 0.012)
    version = whole["cond_stage_config"]["params"]["version"]
    assert Path(version) == files["vocab.json"].parent and Path(version).is_absolute()


def test_the_tokenizer_is_that_of_the_folder(case):
    """Of the folder, not made anew: which of two equal pairs is merged first is chance."""
    _, folder, files = case
    ours = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    words = files["vocab.json"].parent
    assert not (words / "tokenizer.json").exists()
    theirs = CLIPTokenizer.from_pretrained(words)
    assert theirs.get_vocab() == ours.get_vocab()
    assert torch.equal(*(model.tokens_of(t, PROMPTS) for t in (ours, theirs)))
    assert (theirs.bos_token, theirs.pad_token) == (model.START, model.END)
    a, b = (CLIPTextConfig.from_pretrained(f) for f in (folder / "text_encoder", words))
    assert all(getattr(a, name) == getattr(b, name) for name in export.TEXT_CONFIG)


def test_older_files_of_a_tokenizer_are_read_too(toy, tmp_path):
    words = toy / "tokenizer"
    want = export.tokenizer_files(words)
    for name in ("vocab.json", "merges.txt"):
        (words / name).write_text(want[name])
    (words / "tokenizer.json").unlink()
    rewrite(words / "tokenizer_config.json", bos_token={"content": model.START, "lstrip": False})
    assert export.tokenizer_files(words) == want
    (words / "merges.txt").unlink()
    with pytest.raises(FieldError, match="neither"):
        export.export(toy, tmp_path / "out")


def index(**entries):
    return lambda folder: rewrite(folder / "model_index.json", **entries)


def settings(part, **values):
    return lambda folder: rewrite(folder / part, **values)


NOISE = "scheduler/scheduler_config.json"
REFUSED = {
    "missing": (lambda folder: (folder / "model_index.json").unlink(), "no model_index.json"),
    "no scheduler": (lambda folder: (folder / NOISE).unlink(), "scheduler_config.json is missing"),
    "no unet": (index(unet=[None, None], transformer=["diffusers", "Flux"]), "unet is missing"),
    "another class": (index(vae=["diffusers", "AutoencoderTiny"]), "vae is AutoencoderTiny"),
    "two text encoders": (
        index(text_encoder_2=["transformers", "CLIPTextModelWithProjection"]),
        "does not know: text_encoder_2",
    ),
    "noise": (settings(NOISE, beta_schedule="linear"), "schedule is linear"),
    "zero snr": (settings(NOISE, rescale_betas_zero_snr=True), "without a signal"),
    "flow": (settings(NOISE, prediction_type="flow_prediction"), "predicts flow_prediction"),
    "unet setting": (settings("unet/config.json", freq_shift=1), "unet has freq_shift = 1"),
    "vae setting": (settings("vae/config.json", shift_factor=0.1), "vae has shift_factor = 0.1"),
    "huge": (None, "not finite in fp16"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_layout_cannot_hold_is_refused_and_nothing_written(toy, tmp_path, name):
    change, problem = REFUSED[name]
    if change:
        change(toy)
    else:
        vae = AutoencoderKL.from_pretrained(toy / "vae").float()
        vae.decoder.conv_in.bias.data[0] = 1e6
        vae.save_pretrained(toy / "vae")
    with pytest.raises(FieldError) as refused:
        export.export(toy, tmp_path / "out" / "toy")
    assert refused.value.field == "model" and problem in refused.value.problem
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("unet", "problem"),
    [
        ({**DEEP.unet, "attention_head_dim": (2, 4, 4)}, "neither one number nor of one width"),
        ({"block_out_channels": (64, 96)}, "not multiples of the first"),
        ({"layers_per_block": (1, 2)}, "another number of layers"),
        ({"in_channels": 9}, "takes 9 channels of 4"),
        ({"up_block_types": ("UpBlock2D", "UpBlock2D")}, "does not go up as it went down"),
        ({"transformer_layers_per_block": 2}, "has transformer_layers_per_block = 2"),
        ({"cross_attention_dim": (64, 128)}, "for every level"),
        ({"down_block_types": ("DownBlock2D", "AttnDownBlock2D")}, "other blocks"),
    ],
)
def test_unets_that_the_layout_cannot_say(unet, problem):
    scheduler = dict(model.new_scheduler().config)
    with pytest.raises(FieldError, match=problem):
        export.ldm_config.config(changed(model.new_unet(), **unet), model.new_vae(), scheduler, "")


def test_a_second_export_replaces_the_first_or_leaves_it(toy, tmp_path, monkeypatch):
    out = tmp_path / "toy.safetensors"
    files = export.export(toy, out)
    assert files[-1] == out, "a suffix is not doubled; the checkpoint comes last"
    before = {f: f.read_bytes() for f in files}
    assert export.export(toy, out) == files
    assert {f: f.read_bytes() for f in files} == before

    def full(path, data):
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        export.export(toy, out)
    monkeypatch.undo()
    assert {f: f.read_bytes() for f in files} == before
    assert not list(tmp_path.rglob("*.partial"))


def test_the_command_names_what_it_wrote_and_what_is_wrong(toy, tmp_path, capsys):
    assert export.main(["--model", str(toy), "--out", str(tmp_path / "toy")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "toy.safetensors")
    with pytest.raises(SystemExit):
        export.main(["--model", str(tmp_path), "--out", str(tmp_path / "toy")])
    assert "model: " in capsys.readouterr().err
