"""The toy world's model: its parts, its training loop, and the packaged weights."""

import numpy as np
import pytest
import torch

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks.recipe import model, train
from diffdiff.pipelines.load import TOYWORLD, load
from diffdiff.toyworld.world import WORDS


def test_every_word_is_one_token_and_any_text_can_be_read():
    tokenizer = model.new_tokenizer()
    ways = [w for values in WORDS.values() for said in values.values() for w in said]
    for word in " ".join(ways).split():
        assert len(tokenizer(word, add_special_tokens=False).input_ids) == 1, word
    strange = tokenizer("Zebra, naïve (blue:1.2) 日本", add_special_tokens=False).input_ids
    assert tokenizer.unk_token_id not in strange
    ids = model.tokens_of(tokenizer, ["a winter night", ""])
    assert ids.shape == (2, model.LENGTH)
    assert ids[1, 0] == tokenizer.bos_token_id and (ids[1, 1:] == tokenizer.eos_token_id).all()


def test_what_is_skipped_in_training_does_nothing_afterwards():
    vae = model.new_vae()
    model.skip_finest(vae)
    whole = model.new_vae()
    whole.load_state_dict(vae.state_dict())
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(vae(x).sample, whole(x).sample)


TINY = [
    "--pictures",
    "16",
    "--vae-steps",
    "2",
    "--unet-steps",
    "3",
    "--vae-batch",
    "2",
    "--unet-batch",
    "4",
    "--polish-steps",
    "1",
    "--polish-batch",
    "2",
    "--workers",
    "1",
    "--device",
    "cpu",
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a finished training."""
    whole = tmp_path_factory.mktemp("trained")
    assert train.main(["--out", str(whole), *TINY]) == 0
    return whole


def test_training_goes_on_where_it_stopped(trained, tmp_path, monkeypatch):
    parts = tmp_path / "parts"

    class Stopped(Exception):
        pass

    plain = train.Stage.__iter__

    def stopping(stage):
        for step in plain(stage):
            if stage.path.stem == "unet" and step == 2:
                stage.save()
                raise Stopped
            yield step

    monkeypatch.setattr(train.Stage, "__iter__", stopping)
    with pytest.raises(Stopped):
        train.main(["--out", str(parts), *TINY])
    monkeypatch.setattr(train.Stage, "__iter__", plain)
    assert train.main(["--out", str(parts), *TINY]) == 0
    one, other = (load(str(run / "model")).pipe for run in (trained, parts))
    for name in ("unet", "vae", "text_encoder"):
        for a, b in zip(getattr(one, name).parameters(), getattr(other, name).parameters()):
            assert torch.equal(a, b), name


def test_training_goes_on_from_a_finished_model(trained, tmp_path):
    second = tmp_path / "second"
    done = [*TINY, "--vae-steps", "0", "--unet-steps", "0", "--polish-steps", "0"]
    assert train.main(["--out", str(second), "--start", str(trained / "model"), *done]) == 0
    one, other = (load(str(run / "model")).pipe for run in (trained, second))
    for name in ("unet", "vae", "text_encoder"):
        for a, b in zip(getattr(one, name).parameters(), getattr(other, name).parameters()):
            assert torch.equal(a, b), name


def test_the_package_is_small_and_loads_like_any_checkpoint():
    from diffusers import StableDiffusionPipeline

    size = sum(f.stat().st_size for f in TOYWORLD.rglob("*") if f.is_file())
    assert size <= 12e6
    pipe = StableDiffusionPipeline.from_pretrained(str(TOYWORLD))
    pipe.set_progress_bar_config(disable=True)
    made = pipe("a winter night", num_inference_steps=2, output_type="np").images
    assert made.shape == (1, model.SIZE, model.SIZE, 3) and np.isfinite(made).all()
