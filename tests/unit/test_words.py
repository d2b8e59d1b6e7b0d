"""Words with strengths, their tokens, and the map that a model's attention makes of them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffdiff.errors import FieldError
from diffdiff.maps import word_product, words
from diffdiff.maps.guided import enlarged, guided
from diffdiff.settings.schema import parse
from diffdiff.settings.sources import DiffEditArgs
from diffdiff.settings.words import Words, changed_words, parse_words, plain


def test_words_with_strengths_are_read():
    found = parse_words("Face 0.1, clear  sky 80%;rest .3\n tree 1")
    assert found.phrases == ("face", "clear sky", "tree")
    assert found.strengths == (0.1, 0.8, 1.0)
    assert found.rest == 0.3
    assert found.prompt == "a photo of face, clear sky, tree"
    assert parse_words("face 0").rest == 0


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no word"),
        ("rest 0.5", "no word"),
        ("face", "'face' is not a word and a strength"),
        ("face 0.5, sky", "'sky'"),
        ("0.5", "'0.5'"),
        ("face 0,5", "'5'"),
        ("1 0.5", "names no word"),
        ("face 1.5", "1.5 is not a strength"),
        ("face 120%", "120% is not a strength"),
        ("face -1", "'face -1'"),
        ("face nan", "'face nan'"),
        ("(face:1.2) 0.5", "has a character"),
        ("<lora:x> 0.5", "has a character"),
        ("face 0.5, FACE 0.6", "there twice"),
        (", ".join(f"word{i} 0.5" for i in range(200)), "there are 200 words"),
    ],
)
def test_an_entry_that_is_wrong_is_named(text, part):
    with pytest.raises(FieldError, match="words") as caught:
        parse_words(text)
    assert part in caught.value.problem
    with pytest.raises(FieldError) as caught:
        parse_words(text, "diffedit_words")
    assert caught.value.field == "diffedit_words"


def test_a_plain_prompt_has_no_syntax():
    told = "a (red:1.3) [house], <lora:toy:0.5> night AND (((sky))) BREAK {x|y}"
    assert plain(told) == "a red house, night, sky, x y"


def test_what_a_reference_has_and_the_query_has_not():
    found = changed_words("A red house on a hill", "a blue house on a hill")
    assert found == Words(("red",), (1.0,))
    found = changed_words("night, a red house, trees", "night, a blue house, trees")
    assert found == Words(("night", "a red house"), (0.0, 1.0))
    assert changed_words("a house", "a house, a day") is None
    assert changed_words("", "a house") is None


def tokenize(text):
    """A tokenizer that splits long words and drops stars."""
    table, found = {}, []
    for word in text.replace(",", " ,").replace("*", "").split():
        found += [word[i : i + 4] for i in range(0, len(word), 4)]
    return [table.setdefault(t, hash(t)) for t in found]


def test_a_word_that_is_split_has_all_its_pieces():
    prompt = "sky, mountains, a sky"
    found, count = words.positions(tokenize, prompt, ["sky", "mountains", "sky"])
    assert found == [[1], [3, 4, 5], [8]]
    assert count == 8


def test_a_word_that_is_dropped_or_too_far_is_named():
    with pytest.raises(FieldError, match=r"words: .*keep '\*\*'"):
        words.positions(tokenize, "sky, **", ["sky", "**"])
    with pytest.raises(FieldError, match=r"'house'.*75 tokens"):
        words.positions(tokenize, "sky, " * 40 + "house", ["sky", "house"])
    with pytest.raises(FieldError, match="diffedit_words"):
        words.positions(tokenize, "sky", ["house"], "diffedit_words")


def test_claims_are_of_the_prompts_own_tokens():
    layer = torch.zeros(4, 4, 10)
    layer[..., 0] = 0.9  # the start token takes most
    layer[..., 5:] = 0.01  # what pads
    layer[:2, :, 1], layer[2:, :, 2] = 0.05, 0.05
    layer[..., 3] = 1e-6
    found = words.claims([layer], [[1], [2], [1, 2]], 3)
    np.testing.assert_allclose(found[0][:2], 1, atol=1e-4)
    np.testing.assert_allclose(found[0][2:], 0, atol=1e-4)
    np.testing.assert_allclose(found[1], 1 - found[0], atol=1e-4)
    np.testing.assert_allclose(found[2], 0.5, atol=1e-4)
    small = torch.nn.functional.avg_pool2d(layer.permute(2, 0, 1), 2).permute(1, 2, 0)
    assert words.claims([small, layer], [[1]], 3).shape == (1, 4, 4)


def halves(size=32):
    """A picture of two colors, with noise, and where its left half is."""
    rng = np.random.default_rng(0)
    left = np.zeros((size, size), bool)
    left[:, : size // 2 - 1] = True
    colors = np.where(left[..., None], (200, 60, 40), (30, 90, 180))
    return np.clip(colors + rng.normal(0, 4, colors.shape), 0, 255).astype(np.uint8), left


def coarse(left, cells=4):
    size = left.shape[0] // cells
    return left.reshape(cells, size, cells, size).mean((1, 3)).astype(np.float32)


def test_a_coarse_claim_takes_on_the_edges_of_the_picture():
    picture, left = halves()
    blurred = coarse(left) * 0.2 + 0.1
    sharp = words.refined(blurred, picture, True) > 0.5
    assert (sharp == left).mean() > 0.99
    wide = words.refined(blurred, picture, False) > 0.5
    assert (wide == left).mean() < 0.98


def test_a_large_picture_is_measured_by_a_part_of_it():
    picture, left = halves()
    large = np.repeat(np.repeat(picture, 48, 0), 48, 1)
    small = words.refined(coarse(left), picture, False)
    m = words.refined(coarse(left), large, False)
    assert m.shape == (1536, 1536)
    assert np.abs(m[24::48, 24::48] - small).mean() < 0.03


def test_each_word_has_its_strength_where_it_is():
    picture, left = halves()
    found = np.stack([coarse(left), coarse(~left)])
    m = words.word_map(found, Words(("a", "b"), (0.2, 0.9), 0.5), picture, True)
    assert abs(m[left].mean() - 0.2) < 0.05
    assert abs(m[~left].mean() - 0.9) < 0.05
    m = words.word_map(found[:1], Words(("a",), (0.2,), 0.7), picture, True)
    assert abs(m[left].mean() - 0.2) < 0.05
    assert abs(m[~left].mean() - 0.7) < 0.05


part = st.floats(0, 1, width=32)


@given(st.lists(st.tuples(part, part), min_size=1, max_size=5), part)
def test_a_pixel_lies_between_the_strengths(rows, rest):
    parts = [np.full((1, 1), claim, np.float32) for claim, _ in rows]
    strengths = tuple(strength for _, strength in rows)
    (value,) = words.joined(parts, Words(("x",) * len(rows), strengths, rest))[0]
    ends = (*strengths, rest)
    assert min(ends) - 1e-5 <= value <= max(ends) + 1e-5


def test_words_that_overlap_share():
    full = np.ones((1, 1), np.float32)
    assert words.joined([full, full], Words(("a", "b"), (0.2, 0.6), 0.0)) == pytest.approx(0.4)
    sides = np.float32([[1, 0]])
    both = words.joined([sides, sides[:, ::-1]], Words(("a", "b"), (0.2, 0.6), 0.0))
    np.testing.assert_allclose(both, [[0.2, 0.6]], atol=1e-6)
    faint = np.full((1, 1), 0.1, np.float32)  # stretched to twice as much, no more
    m = words.joined([full, faint], Words(("a", "b"), (0.0, 1.0), 0.0))
    assert m == pytest.approx(2 * 0.01 / 1.01 / (1 + 2 * 0.01 / 1.01), rel=1e-3)


@given(st.integers(0, 2**32 - 1))
def test_a_normal_map_spans_0_to_1_in_its_own_order(seed):
    values = np.random.default_rng(seed).gamma(1.0, size=(6, 7)).astype(np.float32)
    m = words.normal(values)
    assert m.min() == 0 and 0.5 < m.max() <= 1
    order = np.argsort(values, axis=None)
    assert (np.diff(m.ravel()[order]) >= 0).all()
    assert (words.normal(np.full((2, 2), 0.3, np.float32)) == 1).all()


def test_the_product_is_less_where_no_word_claims():
    picture, left = halves()
    difference = torch.zeros(8, 8)
    difference[2:6] = 1  # a band across both halves
    found = coarse(left, 8)[None]
    m = words.product(difference, found, Words(("a",), (0.8,)), picture, False)
    assert m.max() == pytest.approx(0.8)
    band = np.zeros_like(left)
    band[8:24] = True
    right = band & ~left
    right[:, :24] = False  # beyond the smooth edge
    assert m[right].mean() < m[band & left].mean() - 0.1
    assert m[~band].mean() < 0.2
    nothing = words.product(difference, found, Words(("a",), (0.0,)), picture, True)
    assert not nothing.any()


def test_which_words_the_difference_is_multiplied_with():
    plain_args = parse({}, DiffEditArgs)
    assert word_product.word_factor(plain_args, "a", "b") is None
    on = parse({"diffedit_with": "words"}, DiffEditArgs)
    what = word_product.word_factor(on, "a (red:1.2) house", "a blue house")
    assert what.words == Words(("red",), (1.0,))
    assert what.prompt == "a photo of a red house"
    with pytest.raises(FieldError, match="diffedit_words"):
        word_product.word_factor(on, "", "a blue house")
    given_words = parse(
        {"diffedit_with": "words", "diffedit_words": "house 1, sky 0"}, DiffEditArgs
    )
    assert word_product.word_factor(given_words, "", "x").prompt == "a photo of house, sky"


def test_the_guided_filter_keeps_a_constant_and_any_size():
    picture, _ = halves()
    np.testing.assert_allclose(
        guided(np.full((4, 4), 0.3, np.float32), picture, 0.25, 1e-4), 0.3, atol=1e-5
    )
    large = np.zeros((600, 700, 3), np.uint8)
    large[:, 350:] = 255
    m = guided(coarse(halves(64)[1]), large, 0.25, 1e-4)
    assert m.shape == (600, 700)
    assert m[:, 100].mean() > 0.8 > 0.2 > m[:, 600].mean()
    assert enlarged(np.eye(2, dtype=np.float32), 8, 6).min() == 0
