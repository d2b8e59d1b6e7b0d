/**
 * How fast the painter is in a browser: `python -m benchmarks.painter` runs this.
 *
 * Pointer events are dispatched on the canvas, so everything between the browser and the map is
 * measured; frames are drawn by hand and then read by one pixel, so that what the browser puts off
 * is counted too. Milliseconds; goals are those of the issue.
 */
import { Painter } from "../javascript/painter/ui/painter.mjs";

const GOALS = { event: 4, frame: 16, commit: 20, undo: 20, open: 1000, stall: 100 };
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
 * How long something took, and the longest time in which the page could do nothing else.
 *
 * @param {() => Promise<unknown>} action
 * @returns {Promise<{ total: number, stall: number }>}
 */
async function watched(action) {
    const channel = new MessageChannel();
    let [last, stall, done] = [performance.now(), 0, false];
    const ticked = new Promise((resolve) => {
        channel.port1.onmessage = () => {
            const now = performance.now();
            stall = Math.max(stall, now - last);
            last = now;
            if (done) resolve(null);
            else channel.port2.postMessage(0);
        };
    });
    channel.port2.postMessage(0);
    const start = performance.now();
    await action();
    const total = performance.now() - start;
    done = true;
    await ticked;
    return { total, stall };
}

const BRUSHES = [[8, 1], [64, 1], [512, 1], [512, 5]];
const TURNS = 5;

/**
 * @param {HTMLElement} root
 * @param {number} side of the picture
 * @returns {Promise<Row[]>}
 */
export async function run(root, side) {
    /** @type {Row[]} */
    const rows = [];
    const add = (what, times) => {
        for (const [kind, list] of Object.entries(times)) {
            const goal = side <= 4096 || kind === "open" || kind === "stall" ? GOALS[kind] : null;
            rows.push({ what, kind, times: list, goal: goal ?? null });
        }
    };
    const store = { load: () => null, save: () => {} };
    const fresh = () => {
        root.replaceChildren();
        return new Painter(root.appendChild(document.createElement("div")), { settings: store });
    };
    const photo = picture(side);
    for (const [size, lines] of BRUSHES.filter(([size]) => side <= 2048 || size !== 8)) {
        const painter = fresh();
        painter.setPicture(photo);
        await pause(200);
        const times = { event: [], frame: [], commit: [], undo: [] };
        let frame = () => {};
        for (let turn = 0; turn < TURNS; turn++) {
            painter.settings.set({ size, hardness: 30, strength: 40 + 12 * turn });
            frame = await stroke(painter, lines, times);
            if (turn === 0) for (const list of Object.values(times)) list.length = 0; // compiling
        }
        for (let turn = 0; turn < TURNS; turn++) {
            timed(times.undo, () => painter.commands.undo());
            while (painter.stage.map.busy) timed(times.frame, frame);
            await pause(100);
        }
        add(`${side}, brush ${size}, ${lines} across`, times);
        painter.destroy();
    }
    const opened = { open: [], stall: [] };
    for (let turn = 0; turn < 3; turn++) {
        const painter = fresh();
        await pause(100);
        const { stall } = await watched(async () => {
            timed(opened.open, () => painter.setPicture(photo));
            while (painter.stage.map.busy) await pause(5);
        });
        opened.stall.push(stall);
        painter.destroy();
    }
    add(`${side}, opening a picture`, opened);
    const painter = fresh();
    painter.setPicture(photo);
    await pause(200);
    painter.settings.set({ size: 300, hardness: 50, strength: 60 });
    await stroke(painter, 3, { event: [], frame: [], commit: [] });
    for (const [name, options] of [["grow", { radius: 4 }], ["soften", { radius: 8 }]]) {
        const times = { total: [], stall: [] };
        for (let turn = 0; turn < 3; turn++) {
            const { total, stall } = await watched(() => painter.effects.apply(name, name, options));
            times.total.push(total);
            times.stall.push(stall);
            await pause(300);
        }
        add(`${side}, ${name}`, times);
    }
    const times = { total: [], stall: [] };
    for (let turn = 0; turn < 3; turn++) {
        const { total, stall } = await watched(() => painter.toPng(16));
        times.total.push(total);
        times.stall.push(stall);
    }
    add(`${side}, PNG 16 bit`, times);
    painter.destroy();
    root.replaceChildren();
    return rows;
}
