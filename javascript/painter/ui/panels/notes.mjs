import { h } from "../controls/dom.mjs";
import { button } from "../controls/fields.mjs";

/**
 * Lines under the canvas: what the next run will do with this map, where that is not what one sees.
 *
 * @typedef {object} Note
 * @property {string} text
 * @property {{ label: string, act: () => void } | null} [action] what puts it right
 */
export function notesOf() {
    const element = h("div", { class: "diffdiff-notes", role: "status", hidden: true });
    let told = "";
    return {
        element,
        /** @param {Note[]} notes */
        set(notes) {
            const now = JSON.stringify(notes.map(({ text, action }) => [text, action?.label]));
            if (now === told) return; // buttons stay what they are, and keep the focus
            told = now;
            element.hidden = !notes.length;
            element.replaceChildren(
                ...notes.map(({ text, action }) =>
                    h(
                        "p",
                        { class: "diffdiff-notice" },
                        h("span", {}, text),
                        action
                            ? button({
                                  label: action.label,
                                  text: action.label,
                                  kind: "diffdiff-apply",
                                  act: action.act,
                              })
                            : null,
                    ),
                ),
            );
        },
    };
}
