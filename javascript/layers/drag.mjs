/**
 * A row is taken by its grip and let go between two others. A line shows where; nothing moves
 * before, so the list stays still under the pointer. Keys have the buttons beside it.
 */

/**
 * @param {HTMLElement} grip
 * @param {HTMLElement} row that moves, a child of the list
 * @param {(place: number) => void} drop gets the row's new place from the top, 0 is the first
 */
export function draggable(grip, row, drop) {
    /** @type {number | null} */
    let gap = null; // the rows above it; null: nothing is dragged

    grip.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        event.preventDefault(); // no text is selected on the way
        grip.setPointerCapture(event.pointerId);
        gap = indexOf(row);
        row.classList.add("diffdiff-dragged");
        document.addEventListener("keydown", escape, true);
    });
    grip.addEventListener("pointermove", (event) => {
        if (gap === null) return;
        const rows = [...row.parentElement.children];
        const below = rows.findIndex((one) => {
            const { top, height } = one.getBoundingClientRect();
            return event.clientY < top + height / 2;
        });
        gap = below < 0 ? rows.length : below;
        const from = rows.indexOf(row);
        const same = gap === from || gap === from + 1;
        rows.forEach((one, i) => {
            one.classList.toggle("diffdiff-drop-above", !same && i === gap);
            const last = i === gap - 1 && gap === rows.length;
            one.classList.toggle("diffdiff-drop-below", !same && last);
        });
    });
    grip.addEventListener("pointerup", () => {
        const to = gap;
        const from = indexOf(row);
        end();
        if (to !== null && to !== from && to !== from + 1) drop(to > from ? to - 1 : to);
    });
    grip.addEventListener("pointercancel", end);
    grip.addEventListener("lostpointercapture", end);

    function end() {
        gap = null;
        document.removeEventListener("keydown", escape, true);
        row.classList.remove("diffdiff-dragged");
        for (const one of row.parentElement?.children ?? []) {
            one.classList.remove("diffdiff-drop-above", "diffdiff-drop-below");
        }
    }

    function escape(event) {
        if (event.key !== "Escape") return;
        event.stopPropagation(); // it is meant for this drag only
        end();
    }
}

const indexOf = (row) => [...row.parentElement.children].indexOf(row);
