/**
 * The page of `diffdiff serve` (Gradio 6).
 *
 * @typedef {import("./bridge.mjs").Host} Host
 */
import { choice, number, ticked, words } from "./fields.mjs";

/** @returns {Host} */
export function standalone() {
    return {
        runs: "#go",
        waits: "Put a picture in, then paint where it may change.",
        picture() {
            const image = document.querySelector("#image img");
            return image?.complete && image.naturalWidth ? { key: image.src, image: () => image } : null;
        },
        run: () => ({
            steps: number("#steps"),
            denoising: number("#strength"),
            scale: choice("#scale") ?? "relative",
            invert: ticked("#invert"),
            black: number("#black") ?? 0,
            white: number("#white") ?? 1,
            gamma: number("#gamma") ?? 1,
            response: words("response"),
            levels: choice("#levels") ?? "steps",
            extra: number("#extra_calls") ?? undefined,
            // of the loaded model's family
            rule: document.querySelector("[data-rule]")?.dataset.rule ?? "diffusers",
        }),
        mask: null,
    };
}
