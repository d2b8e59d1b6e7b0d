"""Trains the toy world's model: `python -m benchmarks.recipe.train --out FOLDER`.

Five stages, each with a progress bar; a run that was stopped goes on where it was:

    data     paint pictures and their captions
    vae      AutoencoderKL on the pictures
    latents  encode every picture, and its mirror image
    unet     UNet and text encoder together, moving average of the weights
    polish   the decoder alone, on whole pictures; `--only polish` runs it beside the unet stage

Then the fp16 pipeline is written to `FOLDER/model`. Two CPU cores need about two and a half hours,
a GPU minutes.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import multiprocessing
import os
from pathlib import Path

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from tqdm import tqdm

from diffdiff.toyworld.paint import paint
from diffdiff.toyworld.world import Scene, caption, random_scene

from . import model
from .hints import Hints
from .loop import Stage, descend, picture_loss, rate_at
from .settings import STRONG, Recipe

SHORT = "Trains the toy world's model."
STAGES = ("data", "vae", "latents", "unet", "polish")
MIRROR = {"left": "right", "right": "left", "middle": "middle"}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recipe.train", description=SHORT)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run, resumed if so")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes that paint")
    parser.add_argument("--start", type=Path, help="folder of a model to go on from")
    parser.add_argument("--only", choices=STAGES, help="this stage and what it needs")
    for field in dataclasses.fields(Recipe):
        flag = "--" + field.name.replace("_", "-")
        parser.add_argument(flag, type=type(field.default), default=field.default)
    args = parser.parse_args(argv)
    recipe = Recipe(**{f.name: getattr(args, f.name) for f in dataclasses.fields(Recipe)})
    args.out.mkdir(parents=True, exist_ok=True)
    run = Run(args.out, recipe, torch.device(args.device), args.workers, args.start)
    # on small maps the plain formula is much faster than the blocked one
    with sdpa_kernel(SDPBackend.MATH):
        for name, stage in run.stages().items():
            # a stage that is done only reads its results
            if name in (args.only or name, "data", "vae", "latents"):
                stage()
            if name == args.only:
                return 0
    print(f"Written: {run.save()}")
    return 0


def _painted(seed: int) -> tuple[np.ndarray, dict]:
    scene = random_scene(np.random.default_rng(seed))
    return paint(scene, model.SIZE), dataclasses.asdict(scene)


class Run:
    """One training run in one folder."""

    def __init__(
        self,
        out: Path,
        recipe: Recipe,
        device: torch.device,
        workers: int,
        start: Path | None = None,
    ):
        self.out, self.recipe, self.device, self.workers = out, recipe, device, workers
        torch.manual_seed(recipe.seed)
        self.tokenizer = model.new_tokenizer()
        self.vae = model.new_vae()
        model.plain_start(self.vae)
        self.unet = model.new_unet()
        self.text_encoder = model.new_text_encoder(len(self.tokenizer))
        if start is not None:
            self._take(start)
        model.skip_finest(self.vae)
        for part in (self.vae, self.unet, self.text_encoder):
            part.to(device)

    def _take(self, folder: Path) -> None:
        """The weights of a model of the same shape."""
        from diffusers import StableDiffusionPipeline

        pipe = StableDiffusionPipeline.from_pretrained(str(folder))
        for name in ("vae", "unet", "text_encoder"):
            getattr(self, name).load_state_dict(getattr(pipe, name).float().state_dict())

    def stages(self) -> dict:
        """name -> method, in order."""
        methods = (self.data, self.train_vae, self.encode, self.train_unet, self.polish)
        return dict(zip(STAGES, methods))

    def autocast(self):
        return torch.autocast(self.device.type, torch.bfloat16)

    def data(self) -> None:
        """`pictures.npy`, uint8 `[N, S, S, 3]`, and `scenes.json`."""
        pictures, scenes = self.out / "pictures.npy", self.out / "scenes.json"
        if not scenes.exists():
            n, first = self.recipe.pictures, self.recipe.seed * 10**6
            shape = (n, model.SIZE, model.SIZE, 3)
            array = np.lib.format.open_memmap(pictures, "w+", np.uint8, shape)
            drawn = []
            with multiprocessing.get_context("spawn").Pool(self.workers) as pool:
                painted = pool.imap(_painted, range(first, first + n), chunksize=32)
                for i, (picture, scene) in enumerate(tqdm(painted, "data", n, unit="picture")):
                    array[i] = picture
                    drawn.append(scene)
            array.flush()
            scenes.write_text(json.dumps(drawn))
        self.pictures = np.load(pictures, mmap_mode="r")
        self.scenes = [Scene(**scene) for scene in json.loads(scenes.read_text())]

    def batch(self, index: np.ndarray) -> torch.Tensor:
        """float32 `[B, 3, S, S]` in -1..1."""
        pictures = torch.from_numpy(self.pictures[index]).to(self.device)
        return pictures.permute(0, 3, 1, 2) / 127.5 - 1

    def views(self, rng: np.random.Generator, cropped: bool) -> torch.Tensor:
        """Random pictures for the autoencoder, or crops of some; half of the batches mirrored."""
        n, crop = self.recipe.vae_batch, self.recipe.vae_crop
        index = np.sort(rng.choice(len(self.pictures), n if cropped else max(n // 4, 1), False))
        x = self.batch(index)
        if cropped:
            corners = rng.integers(model.SIZE - crop + 1, size=(n, 2))
            x = torch.stack([p[:, i : i + crop, j : j + crop] for p, (i, j) in zip(x, corners)])
        return x.flip(3) if rng.uniform() < 0.5 else x

    def train_vae(self) -> None:
        """Absolute error of the pixels and of their differences (edges), and a little KL."""
        recipe = self.recipe
        trained = [p for p in self.vae.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(trained, recipe.vae_rate, weight_decay=1e-4)
        stage = Stage(self.out / "vae.pt", recipe.vae_steps, vae=self.vae, optimizer=optimizer)
        self.vae.train()
        for step in stage:
            rng = np.random.default_rng((recipe.seed, 1, step))
            x = self.views(rng, cropped=5 * step < 4 * stage.steps)
            with self.autocast():
                posterior = self.vae.encode(x).latent_dist
                y = self.vae.decode(posterior.sample()).sample
            loss, pixels = picture_loss(y.float(), x)
            rate = rate_at(step, recipe.vae_steps, recipe.vae_rate)
            descend(loss + 1e-6 * posterior.kl().mean(), optimizer, rate)
            stage.bar.set_postfix(pixels=f"{pixels.item() * 127.5:.2f} of 255")
        self.vae.eval().requires_grad_(False)

    def polish(self) -> None:
        """The decoder alone, on whole pictures: the latents stay what the UNet has learnt."""
        recipe = self.recipe
        decoder = [self.vae.decoder, self.vae.post_quant_conv]
        for part in decoder:
            part.requires_grad_(True)
        model.skip_finest(self.vae)
        trained = [p for part in decoder for p in part.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(trained, recipe.polish_rate, weight_decay=1e-4)
        path = self.out / "polish.pt"
        stage = Stage(path, recipe.polish_steps, vae=self.vae, optimizer=optimizer)
        for step in stage:
            rng = np.random.default_rng((recipe.seed, 3, step))
            index = np.sort(rng.choice(len(self.pictures), recipe.polish_batch, False))
            x = self.batch(index)
            x = x.flip(3) if rng.uniform() < 0.5 else x
            with self.autocast():
                with torch.no_grad():
                    posterior = self.vae.encode(x).latent_dist
                y = self.vae.decode(posterior.sample()).sample
            loss, pixels = picture_loss(y.float(), x)
            descend(loss, optimizer, rate_at(step, recipe.polish_steps, recipe.polish_rate))
            stage.bar.set_postfix(pixels=f"{pixels.item() * 127.5:.2f} of 255")
        self.vae.eval().requires_grad_(False)

    @torch.no_grad()
    def encode(self) -> None:
        """`latents.pt`: means `[2, N, 4, s, s]` (as painted, mirrored) and their scale."""
        path = self.out / "latents.pt"
        if not path.exists():
            means = torch.empty(2, len(self.pictures), 4, model.SIZE // 8, model.SIZE // 8)
            for i in tqdm(range(0, len(self.pictures), 32), "latents", unit="batch"):
                x = self.batch(np.arange(i, min(i + 32, len(self.pictures))))
                with self.autocast():
                    for side, picture in enumerate((x, x.flip(3))):
                        means[side, i : i + 32] = self.vae.encode(picture).latent_dist.mean.float()
            torch.save({"means": means, "scale": 1 / means.std().item()}, path)
        kept = torch.load(path, weights_only=True)
        self.vae.register_to_config(scaling_factor=kept["scale"])
        self.latents = kept["means"] * kept["scale"]

    def train_unet(self) -> None:
        """v prediction, UNet and text encoder together."""
        recipe, device = self.recipe, self.device
        both = torch.nn.ModuleDict({"unet": self.unet, "text_encoder": self.text_encoder})
        optimizer = torch.optim.AdamW(both.parameters(), recipe.unet_rate, weight_decay=1e-3)

        def averaged(old, new, count):
            # a short memory at first
            keep = torch.clamp((1 + count) / (10 + count), max=recipe.average)
            return torch.lerp(new, old, keep.to(old.dtype))

        average = torch.optim.swa_utils.AveragedModel(both, avg_fn=averaged)
        hints = Hints(self.unet).to(device)
        hinting = torch.optim.AdamW(hints.parameters(), recipe.unet_rate, weight_decay=1e-3)
        stage = Stage(
            self.out / "unet.pt",
            recipe.unet_steps,
            both=both,
            average=average,
            optimizer=optimizer,
            hints=hints,
            hinting=hinting,
        )
        alphas = model.new_scheduler().alphas_cumprod.to(device)
        both.train()
        kept: list[float] = []
        for step in stage:
            rng = np.random.default_rng((recipe.seed, 2, step))
            torch.manual_seed(recipe.seed * 10**6 + step)
            index = rng.integers(len(self.scenes), size=recipe.unet_batch)
            side = rng.integers(2, size=recipe.unet_batch)
            x = self.latents[side, index].to(device)
            strong = step >= recipe.unet_strong
            scenes = [self.scene(i, s) for i, s in zip(index, side)]
            said = [self.say(scene, rng, strong) for scene in scenes]
            ids = model.tokens_of(self.tokenizer, said)
            t = torch.randint(len(alphas), (len(x),), device=device)
            if strong:
                chosen = torch.rand(len(x), device=device) < recipe.strong_share
                t = torch.where(chosen, STRONG + t * (len(alphas) - STRONG) // len(alphas), t)
            noise = torch.randn_like(x)
            a = alphas[t].view(-1, 1, 1, 1)
            with self.autocast():
                text = self.text_encoder(ids.to(device)).last_hidden_state
                answer = self.unet(a.sqrt() * x + (1 - a).sqrt() * noise, t, text).sample
            error = (answer.float() - a.sqrt() * noise + (1 - a).sqrt() * x).square()
            if step >= recipe.unet_even:
                # (1 + 5) / (1 + SNR) where the SNR is above 5: what is left to predict there is
                # detail, and its error would drown that of what the prompt decides
                error = error * (6 * (1 - a)).clamp(max=1)
            if recipe.unet_coarse <= step < recipe.unet_strong:
                error = error * (a / (1 - a)).clamp(0.1, 1)
            loss = error.mean()
            hinting.zero_grad()
            hint = hints(scenes, said, t) if strong else 0
            begun = recipe.unet_strong if strong else 0
            rest = stage.steps - begun if strong else recipe.unet_strong
            rate = rate_at(step - begun, rest, recipe.unet_rate)
            descend(loss + hint, optimizer, rate)
            hinting.step()
            average.update_parameters(both)
            kept = [*kept[-199:], loss.item()]
            stage.bar.set_postfix(loss=f"{np.mean(kept):.4f}")
        hints.close()
        self.unet, self.text_encoder = average.module["unet"], average.module["text_encoder"]

    def scene(self, index: int, side: int) -> Scene:
        scene = self.scenes[index]
        return dataclasses.replace(scene, place=MIRROR[scene.place]) if side else scene

    def say(self, scene: Scene, rng: np.random.Generator, strong: bool) -> str:
        if rng.uniform() < self.recipe.drop:
            return ""
        return caption(scene, rng, **({"keep": self.recipe.strong_keep} if strong else {}))

    def save(self) -> Path:
        """The pipeline in fp16 safetensors."""
        folder = self.out / "model"
        parts = (self.vae, self.unet, self.text_encoder)
        for part in parts:
            part.eval().to("cpu", torch.float16)
        model.assemble(*parts, self.tokenizer).save_pretrained(folder)
        # the file is in half precision, but what is loaded without a wish should run everywhere
        settings = folder / "text_encoder" / "config.json"
        config = {**json.loads(settings.read_text()), "dtype": "float32"}
        settings.write_text(json.dumps(config, indent=2) + "\n")
        return folder


if __name__ == "__main__":
    raise SystemExit(main())
