/**
 * The layers' editor and the text box that carries their JSON through the page. The box is looked
 * at a few times a second, as the painter's is (bridge.mjs).
 */
import { LayersEditor } from "../layers/editor.mjs";
import { box, write } from "./fields.mjs";

const GLANCE = 300; // milliseconds
const connected = new WeakSet();

/** @param {HTMLElement} root `.diffdiff-layers`; once more does nothing */
export function connectLayers(root) {
    if (connected.has(root)) return;
    connected.add(root);
    const { store, schema } = root.dataset;
    let agreed = ""; // what the box and the editor agree on

    const editor = new LayersEditor(root, JSON.parse(schema), exchange);

    /** The page's word counts first: what it wrote must never be lost unread. */
    function exchange() {
        const area = box(store);
        if (!area) return;
        if (area.value !== agreed) {
            agreed = area.value;
            editor.load(agreed);
        } else if (editor.text !== agreed) {
            write(area, editor.text);
            agreed = editor.text = area.value; // as the box keeps it
        }
    }

    const timer = setInterval(() => {
        if (root.isConnected) exchange();
        else clearInterval(timer);
    }, GLANCE);
    exchange();
}
