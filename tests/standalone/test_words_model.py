"""Words and DiffEdit times words on the included model: what they find, and what they refuse."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("diffusers", reason="diffusers is not installed")

from benchmarks.pipelines import PIPELINES
from benchmarks.prompt_pairs import pairs
from diffdiff.cli.main import main
from diffdiff.errors import FieldError
from diffdiff.images.read import decode
from diffdiff.maps.layers import Layer
from diffdiff.pipelines.load import load
from diffdiff.pipelines.looking import inner_features, word_claims
from diffdiff.pipelines.model_maps import find, find_words, of_layer
from diffdiff.pipelines.noise_predictor import Prompted
from diffdiff.settings.run import RunArgs
from diffdiff.settings.schema import parse
from diffdiff.settings.sources import DiffEditArgs, WordsArgs

PAIR = pairs(94_000_000, 3)[2]  # the sky changes
IMAGE = Image.fromarray(PAIR.before)
SCENE = PAIR.scene
SKY = PAIR.reference.split(", ")[2]
LAND = f"{SCENE.season} {PAIR.reference.split(', ')[1]}"
WORDS = f"{SKY} 0.9, {LAND} 0.2, {SCENE.thing} 0.2"
FEW = DiffEditArgs(diffedit_noises=3)


@pytest.fixture(scope="module")
def engine():
    return load("toyworld", dtype="float32", device="cpu")


@pytest.fixture(scope="module")
def prompted(engine):
    return Prompted(engine)


def hooks(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def test_the_named_part_gets_its_strength(engine):
    m = find_words(engine, IMAGE, WORDS, WordsArgs())
    assert m.shape == (128, 128) and m.dtype == np.float32
    assert m[PAIR.region].mean() > 0.65 and m[~PAIR.region].mean() < 0.45
    assert np.array_equal(m, find_words(engine, IMAGE, WORDS, WordsArgs()))
    assert not hooks(engine.pipe.unet)


def test_a_difference_times_words_lies_in_both(engine):
    asked = parse(
        {"diffedit_noises": 3, "diffedit_with": "words", "diffedit_words": f"{SKY} 1, {LAND} 0"},
        DiffEditArgs,
    )
    both = find(engine, IMAGE, PAIR.reference, PAIR.query, asked)
    alone = find(engine, IMAGE, PAIR.reference, PAIR.query, FEW)
    apart = [m[PAIR.region].mean() - m[~PAIR.region].mean() for m in (both, alone)]
    assert min(apart) > 0.4
    own = parse({"diffedit_noises": 3, "diffedit_with": "words"}, DiffEditArgs)
    m = find(engine, IMAGE, PAIR.reference, PAIR.query, own)
    assert m[PAIR.region].mean() > m[~PAIR.region].mean() + 0.4


def test_a_cut_of_the_product_is_black_and_white(engine):
    asked = parse(
        {"diffedit_noises": 2, "diffedit_with": "words", "diffedit_cut": 0.5}, DiffEditArgs
    )
    m = find(engine, IMAGE, PAIR.reference, PAIR.query, asked)
    assert set(np.unique(m)) == {0, 1}


def test_any_size_of_the_image_and_of_the_run(engine):
    odd = IMAGE.resize((150, 101))
    args = parse({"words_noises": 1}, WordsArgs)
    assert find_words(engine, odd, WORDS, args).shape == (101, 150)
    run = RunArgs(width=96, height=64)
    assert find_words(engine, odd, WORDS, args, run).shape == (101, 150)


def test_a_layer_reads_words(engine):
    layer = Layer("words", finding=WordsArgs(), own={"words": WORDS})
    assert np.array_equal(
        of_layer(engine, IMAGE, layer), find_words(engine, IMAGE, WORDS, WordsArgs())
    )


def test_inner_features_tell_the_sky_from_the_land(prompted):
    found = inner_features(prompted, IMAGE)
    assert found.shape == (128, 16, 16)
    sky = PAIR.region.reshape(16, 8, 16, 8).mean((1, 3)) == 1
    land = PAIR.region.reshape(16, 8, 16, 8).mean((1, 3)) == 0
    unit = (found - found.mean((1, 2), keepdim=True)).numpy()
    unit /= np.linalg.norm(unit, axis=0)
    center = unit[:, sky].mean(1)
    assert (center @ unit[:, sky]).mean() > (center @ unit[:, land]).mean() + 0.2
    assert not hooks(prompted.pipe.unet)


def test_little_memory_halves_the_noises_and_an_error_leaves_nothing(prompted, monkeypatch):
    whole = word_claims(prompted, IMAGE, SKY, [SKY], 0.2, 4, 0)
    plain, sizes = prompted.noise, []

    def short(x, *rest):
        sizes.append(len(x))
        if len(x) > room:
            raise RuntimeError("CUDA out of memory. Tried to allocate")
        return plain(x, *rest)

    monkeypatch.setattr(prompted, "noise", short)
    room = 1
    np.testing.assert_allclose(
        word_claims(prompted, IMAGE, SKY, [SKY], 0.2, 4, 0), whole, atol=1e-4
    )
    assert sizes == [4, 2, 1, 1, 1, 1]
    room = 0
    with pytest.raises(FieldError, match="model: the memory is too small"):
        word_claims(prompted, IMAGE, SKY, [SKY], 0.2, 4, 0)
    assert not hooks(prompted.pipe.unet)


@pytest.mark.parametrize("name", ["kandinsky", "if"])
def test_other_families_are_refused(name):
    with pytest.raises(FieldError, match="model: Source words is not offered for"):
        find_words(PIPELINES[name].engine(), IMAGE, WORDS, WordsArgs())


def test_a_long_list_of_words_is_refused_by_the_word(engine):
    text = ", ".join(f"very long winded phrase {'abcdefghij'[i]} 0.5" for i in range(10))
    with pytest.raises(FieldError, match=r"words: 'very long .*75 tokens"):
        find_words(engine, IMAGE, text, WordsArgs())


@pytest.fixture
def folder(quiet_folder):
    IMAGE.save("in.png")
    return quiet_folder


def test_the_command_makes_the_map_and_tells(folder, engine, capsys):
    asked = ["map", "in.png", "--words", WORDS, "--words-noises", "2", "--out", "out.png"]
    assert main([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["words"] == WORDS and told["settings"] == {"words_noises": 2}
    m = decode(Path("out.png").read_bytes())
    wanted = find_words(engine, IMAGE, WORDS, parse({"words_noises": 2}, WordsArgs))
    np.testing.assert_allclose(m, wanted, atol=1e-3)
    layers = [{"source": "words", "words": WORDS, "words_noises": 2}]
    Path("layers.json").write_text(json.dumps({"layers": layers}))
    assert main(["map", "in.png", "--layers", "layers.json", "--out", "l.png", "--quiet"]) == 0
    assert np.array_equal(decode(Path("l.png").read_bytes()), m)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--words", ""], "words: no word is named"),
        (["--words", "face"], "words: 'face' is not a word and a strength"),
        (["--words", "face 1", "--source", "edges"], "source: there is --words too"),
        (["--words", "face 1", "--diffedit-cut", "0.5"], "only applies to --diffedit"),
        (["--source", "edges", "--words-level", "0.5"], "words_level: it only applies to --words"),
        (["--words", "face 1", "--words-level", "2"], "words_level: 2.0 is not allowed"),
    ],
)
def test_bad_input_is_told(argv, words, folder, capsys):
    assert main(["map", "in.png", *argv, "--out", "out.png"]) == 2
    assert words in capsys.readouterr().err
    assert not Path("out.png").exists()


def test_rows_of_a_batch_may_have_words(folder, engine, capsys):
    Path("rows.csv").write_text(
        f'picture,source,words,prompt,out\nin.png,words,"{WORDS}",winter,a.png\n'
    )
    flags = ["--steps", "3", "--out", "done", "--quiet"]
    assert main(["batch", "rows.csv", *flags]) == 0
    assert Path("done/a.png").exists()
    Path("rows.csv").write_text("picture,source,words,prompt,out\nin.png,words,face,winter,b.png\n")
    assert main(["batch", "rows.csv", *flags[:-1]]) != 0
    assert "'face' is not a word and a strength" in "".join(capsys.readouterr())
