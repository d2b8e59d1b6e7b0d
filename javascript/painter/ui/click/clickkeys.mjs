/**
 * Keys of the tool Click. Enter paints what was clicked; where the keyboard moves the cursor, it sets
 * a point first, and paints when it is pressed again at the same place.
 *
 * @param {import("./clicking.mjs").Clicking} clicking
 * @param {KeyboardEvent} event
 * @returns {boolean} whether it meant something
 */
export function clickKey(clicking, event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const { stage, gesture } = clicking.painter;
    const onCanvas = document.activeElement === stage.element;
    if (event.key === "Enter" && !event.repeat && onCanvas && stage.byKeys && stage.cursor) {
        const at = `${stage.cursor.x} ${stage.cursor.y}`;
        if (clicking.open && at === clicking.at) return clicking.commit();
        clicking.at = at;
        gesture.begin({ ...stage.cursor, pressure: 1 });
        gesture.end();
        return true;
    }
    if (!clicking.open) return false;
    const pressed = document.activeElement?.matches("button, summary, a");
    if (event.key === "Enter" && !pressed) return clicking.commit();
    if (event.key === "Backspace" || event.key === "Delete") return clicking.undo();
    return false;
}
