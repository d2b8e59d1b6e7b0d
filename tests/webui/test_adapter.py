import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from diffdiff.errors import FieldError


def png(array):
    data = io.BytesIO()
    Image.fromarray(array).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


def grey(value, p):
    return png(np.full((p.height, p.width), value, np.uint8))


def left_kept(p):
    m = np.zeros((p.height, p.width), np.uint8)
    m[:, p.width // 2 :] = 255
    return png(m)


def plain(job, **settings):
    p = job(**settings)
    p.sampler.model_wrap_cfg.mask = None
    return p.sample()


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("fix_steps", [True, False])
@pytest.mark.parametrize("value", [51, 153, 255])
def test_constant_map_is_plain_img2img(host, job, run, value, skip, fix_steps):
    host.opts.img2img_fix_steps = fix_steps
    slider = 0.9 if fix_steps else 1.0
    p = job(strength=slider)
    out = run(p, {"map": grey(value, p), "skip": skip})
    if not fix_steps:
        assert torch.equal(out, plain(job, strength=value / 255))
    elif value == 255:
        assert torch.equal(out, plain(job, strength=slider))
    assert p.denoising_strength == slider


def test_skip_runs_only_what_the_map_needs(host, job, run):
    p = job(strength=0.8)
    run(p, {"map": grey(128, p)})
    assert p.sampler.ran == int(0.8 * 128 / 255 * 20) + 1
    text = "the map changes the whole picture; 8 of 17 steps were not needed"
    assert p.comments == [f"Differential Diffusion: {text}"]


@pytest.mark.parametrize(
    ("white", "text"),
    [
        (0, "keeps the whole"),
        (1, "keeps 97% of the"),
        (31, "keeps 3% of the"),
        (32, "changes the whole"),
    ],
)
def test_the_result_says_how_much_is_kept(host, job, run, white, text):
    p = job(strength=1.0)
    columns = np.zeros((p.height, p.width), np.uint8)
    columns[:, : white * p.width // 32] = 255
    run(p, {"map": png(columns), "skip": False})
    assert p.comments == [f"Differential Diffusion: the map {text} picture"]


def test_absolute_scale_may_begin_before_the_slider(host, job, run):
    p = job(strength=0.2)
    out = run(p, {"map": grey(153, p), "scale": "absolute"})
    assert torch.equal(out, plain(job, strength=0.6))


def test_zero_map_calls_no_model_and_is_the_init(host, job, run):
    p = job()
    assert torch.equal(run(p, {"map": grey(0, p)}), p.x)
    assert p.sampler.model_wrap_cfg.step == 0


def test_zero_map_without_skip_runs_every_step(host, job, run):
    p = job(strength=1.0)
    assert torch.equal(run(p, {"map": grey(0, p), "skip": False}), p.x)
    assert p.sampler.ran == 20


def test_nothing_is_left_behind(host, job, run):
    p = job()
    before = dict(vars(p.sampler.model_wrap_cfg))
    func = p.sampler.func
    run(p, {"map": left_kept(p)})
    after = {k: v for k, v in vars(p.sampler.model_wrap_cfg).items() if k != "step"}
    assert after == {k: v for k, v in before.items() if k != "step"}
    assert p.sampler.func is func
    assert p.denoising_strength == 0.75


def test_an_error_in_the_run_leaves_nothing_behind(host, job, run):
    p = job()

    def broken(x, sigma, **kw):
        raise RuntimeError("out of memory")

    p.sampler.model_wrap_cfg.forward = broken
    func = p.sampler.func
    with pytest.raises(RuntimeError, match="out of memory"):
        run(p, {"map": grey(100, p)})
    assert p.sampler.model_wrap_cfg.forward is broken
    assert p.sampler.func is func
    assert p.denoising_strength == 0.75


def test_an_interrupted_job_returns_the_held_picture(host, job, run):
    p = job()
    p.sampler.model_wrap_cfg.fail_at = 5
    out = run(p, {"map": left_kept(p)})
    half = out.shape[3] // 2
    assert torch.equal(out[..., :half], p.x[..., :half])
    assert not torch.equal(out[..., half:], p.x[..., half:])
    assert torch.equal(host.shared.state.current_latent, out)


def test_the_sampler_is_held_once_for_several_iterations(host, job, run):
    p = job()
    first = run(p, {"map": left_kept(p)})
    script = host.script.DifferentialDiffusion()
    script.process_before_every_sampling(p, x=p.x, noise=p.noise)
    p.sampler.model_wrap_cfg.mask = "host mask"
    assert torch.equal(p.sample(), first)


def test_maps_for_every_picture_of_a_batch(host, job, run):
    p = job(batch=2)
    out = run(p, {"map": [grey(0, p), grey(255, p)]})
    assert torch.equal(out[0], p.x[0])
    assert torch.equal(out[1:], plain(job, batch=2)[1:])
    with pytest.raises(FieldError, match="2 maps for a batch of 3"):
        run(job(batch=3), {"map": [grey(0, p), grey(255, p)]})


def test_a_host_mask_limits_the_change(host, job, run):
    p = job()
    p.nmask = torch.zeros(4, p.height // 8, p.width // 8)
    p.nmask[:, :, 4:] = 1
    out = run(p, {"map": grey(255, p)})
    assert torch.equal(out[..., :4], p.x[..., :4])
    assert not torch.equal(out[..., 4:], p.x[..., 4:])


def test_flow_models_are_anchored_on_straight_lines(host, job, run):
    host.shared.sd_model.add_noise_to_latent = lambda x, noise, t: x * (1 - t) + noise * t
    p = job()
    assert host.webui.is_flow()
    level = host.webui.schedule_of(p.sampler, p, 20, p.x).levels[3]
    assert float(level.signal) == pytest.approx(1 - float(level.noise))


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ({}, "map"),
        ({"map": ""}, "map"),
        ({"map": "%%%"}, "map"),
        ({"map": 3}, "map"),
        ({"map": "AAAA"}, "map"),
        ({"gamma": 99, "map": "AAAA"}, "gamma"),
        ({"mp": 1}, "mp"),
    ],
)
def test_bad_input_ends_the_job_with_a_422(host, job, run, edit, field):
    p = job()
    with pytest.raises(FieldError) as refused:
        run(p, edit)
    assert refused.value.field == field
    assert vars(refused.value)["status_code"] == 422
    assert p.sampler.model_wrap_cfg.step == 0


@pytest.mark.parametrize("off", [False, "false", 0])
def test_disabled_does_nothing(host, job, run, off):
    p = job()
    p.sampler.model_wrap_cfg.mask = None
    out = run(p, {"enabled": off, "map": "nonsense"})
    assert torch.equal(out, plain(job))
    assert p.extra_generation_params == {} and p.comments == []


def test_kept_pixels_are_pasted_back_exactly(host, job, run):
    p = job()
    p.batch_index = 0
    run(p, {"map": left_kept(p), "feather": 0})
    edited = Image.new("RGB", (p.width, p.height), "red")
    edited.info["parameters"] = "kept"
    out = p.diffdiff.composite(p, edited, 0)
    original = np.array(p.init_images[0])
    half = p.width // 2
    assert (np.array(out)[:, :half] == original[:, :half]).all()
    assert (np.array(out)[:, half:] == [255, 0, 0]).all()
    assert out.info["parameters"] == "kept"


def test_panel_has_one_control_per_field_in_order(host):
    from diffdiff.settings.schema import fields
    from diffdiff.settings.source_registry import title_of

    controls, pasted, *_ = host.panel.build(lambda name: f"diffdiff_{name}")
    assert list(controls) == list(fields())
    assert controls["enabled"].value is False  # off until the user ticks it
    for name, info in list(fields().items())[1:]:
        # an empty box is a value that is left out; a slider says what it would have been
        shown = -1 if name == "soften_radius" else info["default"]
        shown = title_of(shown) if name == "source" else shown
        assert (controls[name].value or None) == (shown or None), name
    assert len(pasted) == len(fields()) - 3  # all but further pictures and moves


def test_a_radius_saved_before_there_was_an_automatic_one_stays_away(host):
    """Hosts keep what a control was under its label (`ui-config.json`), its range with it; older
    panels had this slider from 0 on, by the label of the setting's title."""
    from diffdiff.settings.schema import fields

    controls, *_ = host.panel.build(lambda name: f"diffdiff_{name}")
    slider = controls["soften_radius"]
    assert slider.value == -1
    assert slider.label != fields()["soften_radius"]["title"] and "-1: automatic" in slider.label
    assert not getattr(slider, "do_not_save_to_config", False), "a user may have a default"


def test_infotext_round_trip(host, job, run):
    p = job()
    edit = {"map": left_kept(p), "gamma": 2.5, "invert": True, "soften_direction": "outward"}
    run(p, edit)
    written = {k: str(v) for k, v in p.extra_generation_params.items()}
    assert written["DD gamma"] == "2.5" and "DD skip" not in written
    for field, want in {**edit, "enabled": True, "skip": True, "feather": 4.0}.items():
        if field != "map":
            assert host.infotext.reader(field)(written) == want
    assert host.infotext.reader("enabled")({}) is False
    assert host.infotext.reader("gamma")({}) is None


def test_a_radius_that_is_not_told_is_automatic(host):
    read = host.infotext.reader("soften_radius")
    on = {"DD enabled": "True"}
    assert read(on) == read({**on, "DD mode": "soft inpaint"}) == -1
    assert read({**on, "DD mode": "soft inpaint", "DD soften radius": "4.5"}) == 4.5
    assert read({}) is None
