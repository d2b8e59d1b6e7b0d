/**
 * Whoever works in the painter stays there: Gradio's gallery focuses each new picture, and browsers
 * scroll to what has the focus. Place and focus come back, unless a person went there.
 *
 * @param {HTMLElement} root of the painter
 * @param {string} results selector of what takes the focus by itself
 * @param {import("../painter/ui/controls/dom.mjs").Cleanup} cleanup
 */
export function stayAt(root, results, cleanup) {
    let inside = false; // the last thing that a person did was in the painter
    /** What that was done to. @type {HTMLElement | null} */
    let used = null;
    let place = [window.scrollX, window.scrollY];

    const acted = ({ target, key, isTrusted }) => {
        if (!isTrusted || !(target instanceof Element)) return;
        inside = root.contains(target) && key !== "Tab";
        used = inside ? target.closest("button, input, [tabindex]") : null;
    };
    cleanup.listen(document, "pointerdown", acted, { capture: true });
    cleanup.listen(document, "keydown", acted, { capture: true });

    /** Whether something had to be put back. */
    function back() {
        const now = document.activeElement;
        if (!inside || !(now instanceof HTMLElement && now.closest(results))) return false;
        now.blur();
        used?.focus({ preventScroll: true });
        const [left, top] = place;
        window.scrollTo({ left, top, behavior: "instant" });
        return true;
    }
    // browsers differ in which comes first, and a window in the background knows of no focus
    cleanup.listen(document, "focusin", () => requestAnimationFrame(back));
    cleanup.listen(window, "scroll", () => {
        if (!back()) place = [window.scrollX, window.scrollY];
    });
}
