/** A schema of the kind that the page gives the layers' editor: every type of setting is in it. */
const field = (name, title, type, initial, more = {}) => {
    const help = `${title}, as it is`;
    return {
        name,
        title,
        type,
        default: initial,
        help,
        low: null,
        high: null,
        choices: null,
        ...more,
    };
};
const part = { low: 0, high: 1 };

/** @type {import("../../../javascript/layers/model.mjs").Schema} */
export const SCHEMA = {
    blends: ["replace", "max", "min", "multiply", "add", "subtract"],
    sources: {
        luminance: { title: "Luminance", help: "Bright parts change.", settings: [] },
        edges: {
            title: "Edges",
            help: "Edges change.",
            settings: [field("edge_sigma", "Edge smoothing", "float", 1, { low: 0, high: 64 })],
        },
        foreground: {
            title: "Foreground",
            help: "What stands in front of the rest changes.",
            settings: [
                field("box", "Box", "str", ""),
                field("rounds", "Rounds", "int", 5, { low: 1, high: 20 }),
                field("inside", "Inside", "picture", null),
                field("outside", "Outside", "picture", null),
            ],
        },
        painted: { title: "Painted", help: "The painter's map.", settings: [] },
        upload: {
            title: "Upload",
            help: "A map from a file.",
            settings: [field("file", "File", "picture", null, { needed: true })],
        },
        constant: {
            title: "Constant",
            help: "One value everywhere.",
            settings: [field("value", "Value", "float", 1, part)],
        },
        diffedit: {
            title: "From prompts (DiffEdit)",
            help: "What two prompts disagree about changes.",
            settings: [
                field("query", "Query", "str", "", { needed: true }),
                field("diffedit_outliers", "Outliers", "str", "otsu", {
                    choices: ["otsu", "none"],
                }),
                field("diffedit_cut", "Cut", "float", null, { low: 0, high: 0.999 }),
                field("diffedit_seed", "Map seed", "int", 0, { low: 0, high: 4294967295 }),
            ],
        },
    },
    shaping: [
        field("invert", "Invert", "bool", false),
        field("black", "Black point", "float", 0, part),
        field("white", "White point", "float", 1, part),
        field("gamma", "Gamma", "float", 1, { low: 0.1, high: 10 }),
        field("soften_radius", "Soften radius", "float", null, { low: 0, high: 256 }),
        field("soften_direction", "Soften direction", "str", "auto", {
            choices: ["auto", "both", "outward", "inward"],
        }),
        field("linear_light", "Linear light", "bool", false),
    ],
};
