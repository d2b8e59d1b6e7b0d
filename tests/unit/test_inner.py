"""Looking into a model while it runs: what is found, what it adds up to, and that nothing stays."""

import pytest
import torch
from torch import nn

from diffdiff.errors import FieldError
from diffdiff.sampling import inner

HEADS, D, TOKENS = 2, 4, 7


class Attention(nn.Module):
    """As in LDM; diffusers' is the same from outside."""

    def __init__(self, width):
        super().__init__()
        self.heads = HEADS
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, HEADS * D, False) for _ in range(3))
        self.to_out = nn.Linear(HEADS * D, width)

    def forward(self, x, context=None):
        context = x if context is None else context
        q, k, v = self.to_q(x), self.to_k(context), self.to_v(context)
        q, k, v = (t.unflatten(-1, (HEADS, D)).transpose(1, 2) for t in (q, k, v))
        out = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.to_out(out.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.attn1, self.attn2 = Attention(width), Attention(width)

    def forward(self, x, context):
        rows = x.flatten(2).transpose(1, 2)
        rows = rows + self.attn1(rows)
        rows = rows + self.attn2(rows, context=context)
        return rows.transpose(1, 2).reshape(x.shape)


class Net(nn.Module):
    """A UNet in small: 8 channels, two sizes."""

    def __init__(self, blocks="up_blocks"):
        super().__init__()
        torch.manual_seed(0)
        self.down, self.blocks = Block(8), blocks
        setattr(self, blocks, nn.ModuleList([Block(8), Block(8)]))

    def forward(self, x, context):
        x = self.down(nn.functional.avg_pool2d(x, 2, ceil_mode=True), context)
        first, second = getattr(self, self.blocks)
        x = nn.functional.interpolate(first(x, context), scale_factor=2)
        return second(x, context)


def hooks_of(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def inputs(count=3, size=6, seed=1):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(count, 8, size, size, generator=g), torch.randn(1, TOKENS, 8, generator=g)


@torch.no_grad()
def test_the_shares_are_those_of_the_attention():
    model, (x, context) = Net(), inputs()
    with inner.text_attention(model, 6, 6) as found:
        model(x, context.expand(3, -1, -1))
    layers = found.layers()
    assert [tuple(layer.shape) for layer in layers] == [(3, 3, TOKENS), (6, 6, TOKENS)]
    for layer in layers:
        torch.testing.assert_close(layer.sum(-1), torch.ones(layer.shape[:2]))
    asked = []
    attention = model.up_blocks[1].attn2
    attention.register_forward_pre_hook(
        lambda m, given, named: asked.append((given[0], named["context"])), with_kwargs=True
    )
    model(x, context.expand(3, -1, -1))
    rows, told = asked[0]
    q, k = (
        t.unflatten(-1, (HEADS, D)).transpose(1, 2)
        for t in (attention.to_q(rows), attention.to_k(told))
    )
    wanted = (q @ k.transpose(2, 3) / D**0.5).softmax(-1).mean((0, 1)).view(6, 6, TOKENS)
    torch.testing.assert_close(layers[1], wanted)


@torch.no_grad()
def test_calls_of_parts_add_up_to_the_whole():
    model, (x, context) = Net(), inputs()
    found = []
    for parts in ([x], x.split(1), x.split(2)):
        with inner.text_attention(model, 6, 6) as seen:
            for part in parts:
                model(part, context.expand(len(part), -1, -1))
        found.append(seen.layers())
    for other in found[1:]:
        for a, b in zip(found[0], other):
            torch.testing.assert_close(a, b)


@torch.no_grad()
def test_half_precision_reads_in_float32():
    model, (x, context) = Net(), inputs()
    for part in model.modules():
        if isinstance(part, Attention):
            part.to_q.weight.mul_(300)  # float16 would overflow in the product
    model = model.to(torch.bfloat16)
    with inner.text_attention(model, 6, 6) as found:
        model(x.bfloat16(), context.bfloat16().expand(3, -1, -1))
    assert all(layer.dtype == torch.float32 for layer in found.layers())


@pytest.mark.parametrize(
    "watch",
    [
        lambda model: inner.text_attention(model, 6, 6),
        inner.features,
    ],
)
def test_nothing_stays_after_an_error(watch):
    model, (x, context) = Net(), inputs()

    def stopped():
        with watch(model):
            assert hooks_of(model)
            model(x, context.expand(3, -1, -1))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        stopped()
    assert not hooks_of(model)


@torch.no_grad()
def test_watching_changes_no_answer():
    model, (x, context) = Net(), inputs()
    plain = model(x, context.expand(3, -1, -1))
    with inner.text_attention(model, 6, 6), inner.features(model):
        watched = model(x, context.expand(3, -1, -1))
    assert torch.equal(plain, watched)


def test_a_model_without_cross_attention_is_refused():
    model = nn.Sequential(nn.Conv2d(8, 8, 1))
    with inner.text_attention(model, 6, 6) as found:
        model(inputs()[0])
    with pytest.raises(FieldError, match="diffedit") as caught:
        found.layers()
    assert caught.value.field == "model"
    with inner.features(model) as kept:
        model(inputs()[0])
    with pytest.raises(FieldError, match="UNet"):
        kept.first(1, 1)


@torch.no_grad()
def test_what_is_not_finite_is_refused():
    model, (x, context) = Net(), inputs()
    x[0, 0, 0, 0] = float("nan")
    with inner.text_attention(model, 6, 6) as found, inner.features(model) as kept:
        model(x, context.expand(3, -1, -1))
    for ask in (found.layers, lambda: kept.first(3, 3)):
        with pytest.raises(FieldError, match="not finite"):
            ask()


@torch.no_grad()
def test_large_attention_is_left_out():
    model, (_, context) = Net(), inputs()
    x = torch.randn(1, 8, 66, 66)  # 4356 cells, and 1089: more than 32x32
    with inner.text_attention(model, 66, 66) as found:
        model(x, context)
    with pytest.raises(FieldError, match="cross-attention"):
        found.layers()
    assert inner.TextAttention(160, 96).most == 1024
    assert inner.TextAttention(192, 192).most == 48 * 48


def test_odd_sizes_are_halved_upwards():
    assert inner.TextAttention(7, 10).sizes == {
        70: (7, 10),
        20: (4, 5),
        6: (2, 3),
        2: (1, 2),
        1: (1, 1),
    }


@torch.no_grad()
@pytest.mark.parametrize("name", inner.BLOCKS)
def test_features_are_the_blocks_answers(name):
    model, (x, context) = Net(name), inputs()
    kept = []
    for block in getattr(model, name):
        block.register_forward_hook(lambda m, given, answer: kept.append(answer))
    with inner.features(model) as found:
        model(x[:2], context.expand(2, -1, -1))
        model(x[2:], context)
    first = torch.cat([kept[0], kept[2]]).mean(0)
    torch.testing.assert_close(found.first(2, 2), first)
    assert found.first(4, 4).shape == (8, 6, 6)
    assert found.first(64, 64).shape == (8, 6, 6)  # the last, where none is as fine
