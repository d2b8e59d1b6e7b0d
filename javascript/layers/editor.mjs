/**
 * The editor of the layers: a list, the top-most layer first. The JSON comes in by `load` and goes
 * out by `onChange`.
 */
import { PainterError } from "../painter/map/errors.mjs";
import { focused, h } from "../painter/ui/controls/dom.mjs";
import { button } from "../painter/ui/controls/fields.mjs";
import { select, text as textField } from "./controls.mjs";
import * as model from "./model.mjs";
import { layerRow } from "./row.mjs";

export class LayersEditor {
    /**
     * @param {HTMLElement} root is emptied
     * @param {model.Schema} schema
     * @param {(text: string) => void} onChange gets the JSON after every change by hand; "": no
     *     layers
     */
    constructor(root, schema, onChange) {
        this.schema = schema;
        this.onChange = onChange;
        this.state = model.none();
        this.text = "";
        /** @type {PainterError | null} why the text cannot be edited */
        this.problem = null;
        /** @type {model.Layers | null} what "Clear" took away */
        this.cleared = null;
        /** @type {Map<number, ReturnType<typeof layerRow>>} by the layer's id, the top-most first */
        /** @type {Map<any, any>} */
        this.rows = new Map();
        this.#build(root);
        this.#show();
    }

    /** Shows another text; one that is not understood is told and left alone. */
    load(text) {
        this.text = text;
        this.cleared = null;
        try {
            this.state = model.inPlace(this.state, model.parse(text, this.schema));
            this.problem = null;
        } catch (error) {
            if (!(error instanceof PainterError)) throw error;
            this.problem = error;
        }
        this.say("");
        this.#show();
    }

    /** @param {string} words for the line below the list */
    say(words, problem = false) {
        this.told.textContent = words;
        this.told.classList.toggle("diffdiff-problem", problem);
    }

    // ---- what is done by hand --------------------------------------------------------------

    /** @returns {boolean} whether it could be done */
    #change(how, words = "") {
        try {
            this.state = how(this.state);
        } catch (error) {
            if (!(error instanceof PainterError)) throw error;
            this.say(error.message, true);
            return false;
        }
        this.say(words);
        const text = model.serialise(this.state, this.schema);
        if (this.state.layers.length) this.cleared = null;
        this.#show();
        if (text !== this.text) {
            this.text = text;
            this.onChange(text);
        }
        return true;
    }

    #add(source) {
        const { title } = this.schema.sources[source];
        if (!this.#change((state) => model.add(state, source), `${title}: added on top`)) return;
        const { id } = this.state.layers.at(-1);
        if (this.schema.sources[source].settings.length) this.rows.get(id).open(true);
    }

    #move(id, place) {
        const { layers } = this.state;
        const at = layers.findIndex((layer) => layer.id === id);
        const to = place(at, layers.length);
        const words = `Layer ${at + 1} is layer ${to + 1} now`;
        this.#change((state) => model.move(state, id, to), words);
    }

    #remove(id) {
        const order = [...this.rows.keys()];
        const at = order.indexOf(id);
        const next = order[at + 1] ?? order[at - 1];
        const number = this.state.layers.findIndex((layer) => layer.id === id) + 1;
        this.#change((state) => model.remove(state, id), `Layer ${number} removed`);
        (this.rows.get(next)?.remove ?? this.source).focus();
    }

    #clear() {
        const cleared = this.state;
        this.cleared = cleared.layers.length ? cleared : null;
        this.problem = null;
        this.#change(model.none, cleared.layers.length ? "All layers removed" : "");
        (this.cleared ? this.back : this.source).focus();
    }

    #takeBack() {
        const { cleared } = this;
        this.#change(() => cleared, "The layers are back");
        this.source.focus();
    }

    // ---- what is seen ----------------------------------------------------------------------

    #build(root) {
        const sources = Object.entries(this.schema.sources);
        /** @type {[string, string][]} */
        const titles = sources.map(([value, { title }]) => [value, title]);
        const chosen = select({ title: "New layer", choices: titles }, () => {});
        this.source = chosen.element.querySelector("select");
        chosen.element.querySelector("label").classList.add("diffdiff-unseen");
        const act = () => this.#add(this.source.value);
        const add = button({ label: "Add layer", symbol: "plus", text: "Add layer", act });
        add.classList.add("diffdiff-apply");
        this.name = textField(
            { title: "Name", help: "Name under which the layers are saved" },
            (name) => this.#change((state) => ({ ...state, name })),
        );
        this.name.element.classList.add("diffdiff-layers-name");
        this.told = h("p", { class: "diffdiff-told", role: "status" });
        const bare = (label, text, act, kind) => button({ label, text, act, kind });
        this.clear = bare("Clear: remove all layers", "Clear", () => this.#clear());
        this.back = bare("Bring back the layers", "Bring back", () => this.#takeBack());
        this.none = h("p", { class: "diffdiff-layers-none" }, "No layers yet.");
        const ofList = { role: "list", "aria-label": "Layers, the top-most first" };
        this.list = h("div", { class: "diffdiff-layers-list", ...ofList });
        this.why = h("p", { class: "diffdiff-problem" });
        this.wrong = h(
            "div",
            { class: "diffdiff-layers-wrong", role: "alert" },
            this.why,
            bare(
                "Start anew: remove this text",
                "Start anew",
                () => this.#clear(),
                "diffdiff-apply",
            ),
        );
        this.good = h(
            "div",
            { class: "diffdiff-layers-good" },
            h("div", { class: "diffdiff-layers-top" }, this.name.element, this.clear, this.back),
            this.list,
            this.none,
            h("div", { class: "diffdiff-layers-foot" }, chosen.element, add, this.told),
        );
        const ofFrame = { class: "diffdiff-frame", role: "group", "aria-label": "Layers" };
        const frame = h("div", ofFrame, this.wrong, this.good);
        root.replaceChildren(h("div", { class: "diffdiff-painter diffdiff-layers-editor" }, frame));
    }

    #show() {
        const { state, problem } = this;
        this.wrong.hidden = !problem;
        this.good.hidden = Boolean(problem);
        if (problem) {
            this.why.textContent = `${problem.message} Until then the text stays as it is.`;
            return;
        }
        this.name.show(state.name);
        this.none.hidden = state.layers.length > 0;
        this.clear.hidden = !state.layers.length;
        this.back.hidden = !this.cleared;
        this.#showRows();
    }

    /** Rows that stay are the same elements; the one with the focus keeps it when it is moved. */
    #showRows() {
        const { layers } = this.state;
        const before = this.rows;
        this.rows = new Map(
            layers
                .map(
                    (layer) =>
                        /** @type {const} */ ([layer.id, before.get(layer.id) ?? this.#row(layer)]),
                )
                .reverse(),
        );
        for (const [id, row] of before) if (!this.rows.has(id)) row.element.remove();
        const active = focused();
        [...this.rows.values()].forEach(({ element }, i) => {
            const there = this.list.children[i] ?? null;
            if (there !== element) this.list.insertBefore(element, there);
        });
        if (active instanceof HTMLElement && active !== focused() && this.list.contains(active)) {
            active.focus();
        }
        layers.forEach((layer, i) => this.rows.get(layer.id).show(layer, i, layers.length));
    }

    #row(layer) {
        const { id } = layer;
        const change = (how, words) => this.#change(how, words);
        return layerRow(this.schema, layer, {
            set: (field, value) => change((state) => model.set(state, id, field, value)),
            setSource: (source) => change((state) => model.setSource(state, id, source)),
            move: (place) => this.#move(id, place),
            duplicate: () =>
                change((state) => model.duplicate(state, id), "The copy lies right above"),
            remove: () => this.#remove(id),
            forget: () => change((state) => model.forget(state, id, this.schema)),
            complain: (problem) => this.say(problem, true),
        });
    }
}
