import { h } from "../controls/dom.mjs";
import { button } from "../controls/fields.mjs";

/** Questions under the canvas: one at a time, answered by a button. */
export function asksOf() {
    const element = h("div", {
        class: "diffdiff-notes diffdiff-ask-row", role: "alertdialog", "aria-label": "Question", hidden: true,
    }); // prettier-ignore
    const close = () => {
        element.hidden = true;
        element.replaceChildren();
    };
    return {
        element,
        close,
        /**
         * @param {string} text
         * @param {{ label: string, act: () => unknown }[]} answers
         */
        ask(text, answers) {
            const buttons = answers.map(
                ({ label, act }) =>
                button({
                    label, text: label, kind: "diffdiff-apply",
                    act: () => {
                        close();
                        act();
                    },
                }), // prettier-ignore
            );
            element.replaceChildren(
                h("p", { class: "diffdiff-notice" }, h("span", {}, text), ...buttons),
            );
            element.hidden = false;
        },
    };
}
