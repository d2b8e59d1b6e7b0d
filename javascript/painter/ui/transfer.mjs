import { fileOf } from "./files.mjs";

/**
 * Maps that are dropped on the painter, or pasted while it is in use.
 *
 * @param {import("./painter.mjs").Painter} painter
 */
export function dropAndPaste(painter) {
    const { root, cleanup, options } = painter;
    const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    const mark = (on) => root.classList.toggle("diffdiff-dropping", on);
    const over = (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        event.stopPropagation();
        event.dataTransfer.dropEffect = "copy";
        mark(true);
    };
    cleanup.listen(root, "dragenter", over);
    cleanup.listen(root, "dragover", over);
    cleanup.listen(root, "dragleave", (event) => {
        if (!root.contains(event.relatedTarget)) mark(false);
    });
    cleanup.listen(root, "drop", (event) => {
        mark(false);
        if (!hasFiles(event)) return;
        event.preventDefault();
        event.stopPropagation(); // the page would take it for its own picture
        const file = fileOf(event.dataTransfer);
        if (!file) return;
        if (event.altKey && options.onPictureFile) options.onPictureFile(file);
        else painter.load(file);
    });
    cleanup.listen(
        window,
        "paste",
        (event) => {
            const file = painter.keys.active ? fileOf(event.clipboardData) : null;
            if (!file) return;
            event.preventDefault();
            event.stopImmediatePropagation();
            painter.load(file);
        },
        { capture: true },
    );
}
