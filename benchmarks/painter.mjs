/**
 * How fast the painter is in a browser: `python -m benchmarks.painter` runs this in Chromium.
 *
 * Pointer events are dispatched on the canvas, so everything between the browser and the map is
 * measured; frames are drawn by hand and then read by one pixel, so that what the browser puts off
 * is counted too. Milliseconds; goals are those of the issue.
 */
import { Painter } from "../javascript/painter/ui/painter.mjs";

const GOALS = { event: 4, frame: 16, commit: 20, undo: 20, redo: 20, encode: 150 };
const EVENT_PX = 24; // of the picture between two events: a quick stroke
const FRAME = 4; // events between two frames

/** @typedef {{ what: string, kind: string, times: number[], goal: number | null }} Row */

function timed(times, action) {
    const start = performance.now();
    const result = action();
    times.push(performance.now() - start);
    return result;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function picture(side) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [side, side];
    const context = canvas.getContext("2d");
    for (let i = 0; i < 400; i++) {
        context.fillStyle = `hsl(${(i * 47) % 360} 50% 50%)`;
        context.fillRect((i * 131) % side, (i * 73) % side, side / 5, side / 7);
    }
    return canvas;
}

/** One stroke from edge to edge, `lines` times across. */
async function stroke(painter, lines, times) {
    const { stage } = painter;
    const { width, height } = stage.size;
    const box = stage.element.getBoundingClientRect();
    const send = (type, x, y, buttons) => {
        const at = stage.onScreen({ x, y });
        const event = new PointerEvent(type, {
            bubbles: true, cancelable: true, pointerId: 1, pointerType: "mouse", isPrimary: true,
            clientX: box.left + stage.element.clientLeft + at.x, clientY: box.top + at.y,
            button: type === "pointermove" ? -1 : 0, buttons, pressure: buttons ? 0.5 : 0,
        }); // prettier-ignore
        stage.element.dispatchEvent(event);
    };
    const frame = () => {
        stage.draw();
        for (const context of stage.contexts) context.getImageData(0, 0, 1, 1);
    };
    const events = Math.round((lines * width) / EVENT_PX);
    let [x, y] = [0, 0];
    for (let i = 0; i <= events; i++) {
        const t = (i / events) * lines;
        const line = Math.min(lines - 1, Math.floor(t));
        const across = line % 2 ? 1 - (t - line) : t - line;
        [x, y] = [across * width, ((t + 0.5) / (lines + 0.5)) * height];
        if (i === 0) send("pointerdown", x, y, 1);
        else timed(times.event, () => send("pointermove", x, y, 1));
        if (i % FRAME === 0) timed(times.frame, frame);
    }
    timed(times.commit, () => send("pointerup", x, y, 0));
    timed(times.frame, frame);
    await pause(300); // the hand goes to the next stroke
    return frame;
}

/**
 * @param {HTMLElement} root
 * @returns {Promise<Row[]>}
 */
export async function run(root) {
    /** @type {Row[]} */
    const rows = [];
    const add = (what, times) => {
        for (const [kind, list] of Object.entries(times)) {
            rows.push({ what, kind, times: list, goal: GOALS[kind] ?? null });
        }
    };
    const store = { load: () => null, save: () => {} };
    for (const side of [1024, 2048]) {
        for (const [size, lines] of [[8, 1], [64, 1], [512, 1], [512, 5]]) {
            root.replaceChildren();
            const painter = new Painter(root.appendChild(document.createElement("div")), { settings: store });
            painter.setPicture(picture(side));
            await pause(200);
            const times = { event: [], frame: [], commit: [], undo: [], redo: [] };
            const turns = 7;
            let frame = () => {};
            for (let turn = 0; turn < turns; turn++) {
                painter.settings.set({ size, hardness: 30, strength: 40 + 15 * turn });
                frame = await stroke(painter, lines, times);
                if (turn === 0) for (const list of Object.values(times)) list.length = 0; // compiling
            }
            for (const kind of ["undo", "redo"]) {
                for (let turn = 0; turn < turns; turn++) {
                    timed(times[kind], () => painter.commands[kind]());
                    while (painter.stage.map.busy) timed(times.frame, frame);
                    await pause(100);
                }
            }
            add(`${side}, brush ${size}, ${lines} across`, times);
            painter.destroy();
        }
    }
    const painter = new Painter(root.appendChild(document.createElement("div")), { settings: store });
    painter.setPicture(picture(1024));
    await pause(200);
    painter.settings.set({ size: 300, hardness: 50, strength: 60 });
    await stroke(painter, 3, { event: [], frame: [], commit: [] });
    for (const bits of [16, 8]) {
        const times = [];
        for (let turn = 0; turn < 6; turn++) {
            const start = performance.now();
            await painter.toPng(bits);
            times.push(performance.now() - start);
        }
        add(`1024, PNG ${bits} bit`, { encode: times.slice(1) });
    }
    painter.destroy();
    return rows;
}
