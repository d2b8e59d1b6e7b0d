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
    let place = [window.scrollX, window.scrollY];

    const acted = ({ target, key, isTrusted }) => {
        if (isTrusted) inside = target instanceof Node && root.contains(target) && key !== "Tab";
    };
    cleanup.listen(document, "pointerdown", acted, { capture: true });
    cleanup.listen(document, "keydown", acted, { capture: true });
    // the place is read off here: some browsers scroll before they say who has the focus
    const scrolled = () => (place = [window.scrollX, window.scrollY]);
    cleanup.listen(window, "scroll", scrolled, { passive: true });

    cleanup.listen(document, "focusin", ({ target, relatedTarget }) => {
        if (!inside || !(target instanceof Element && target.closest(results))) return;
        const [x, y] = place;
        requestAnimationFrame(() => {
            if (relatedTarget instanceof HTMLElement && root.contains(relatedTarget)) {
                relatedTarget.focus({ preventScroll: true });
            }
            window.scrollTo({ left: x, top: y, behavior: "instant" });
        });
    });
}
