import { PaintDocument } from "../../../javascript/painter/document/document.mjs";

/** A document, and the changes that it has told of so far. */
export function open(width, height = width) {
    const events = [];
    const document = new PaintDocument(
        { width, height },
        { onChange: (change) => events.push(change) },
    );
    return { document, events };
}

export const dot = { size: 5, hardness: 1, value: 65535 };
