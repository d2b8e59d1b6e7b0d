/**
 * How fast the painter's core is, without a browser: node benchmarks/painter-core.mjs
 *
 * Prints milliseconds: the median on the clock, the slowest, and the processor's time (mean), which
 * says what the work costs where other programs run too. Goals are those of the issue.
 */
import { PaintDocument } from "../javascript/painter/document/document.mjs";
import { encodePng, decodePng } from "../javascript/painter/file/png.mjs";
import { compose, overlayTable } from "../javascript/painter/display/heat.mjs";
import { GreyMap } from "../javascript/painter/map/map.mjs";

const EVENT_PX = 24; // of the picture between two pointer events: a quick stroke
let failed = 0;

/** @param {{ wall: number, cpu: number }[]} times */
function report(name, times, goal) {
    const walls = times.map(({ wall }) => wall).sort((a, b) => a - b);
    const median = walls[walls.length >> 1];
    const cpu = times.reduce((sum, { cpu }) => sum + cpu, 0) / times.length;
    const met = goal === undefined || Math.min(median, cpu) <= goal;
    if (!met) failed++;
    const numbers = [median, walls.at(-1), cpu].map((ms) => ms.toFixed(2).padStart(9)).join("");
    console.log(`${name.padEnd(52)}${numbers}${goal ? `  goal ${goal}${met ? "" : " MISSED"}` : ""}`);
}

function timed(action) {
    const before = process.cpuUsage();
    const start = performance.now();
    const done = () => {
        const wall = performance.now() - start;
        const { user, system } = process.cpuUsage(before);
        return { wall, cpu: (user + system) / 1000 };
    };
    const result = action();
    return result instanceof Promise ? result.then(done) : done();
}

const repeat = (n, action) => Array.from({ length: n }, (_, i) => timed(() => action(i)));

/** A zigzag over the whole canvas, as points one event apart. */
function zigzag(side, lines) {
    const points = [];
    for (let line = 0; line < lines; line++) {
        const y = ((line + 0.5) / lines) * side;
        for (let x = 0; x <= side; x += EVENT_PX) points.push({ x: line % 2 ? side - x : x, y: y + x / 40 });
    }
    return points;
}

function strokes(side, size, hardness, lines) {
    const document = new PaintDocument({ width: side, height: side });
    const brush = { size, hardness, value: 50000, mode: "replace" };
    const events = [];
    const commits = [];
    const undos = [];
    const redos = [];
    const table = overlayTable("heat", 0.6);
    const frames = [];
    let rect = null;
    document.onChange = (change) => (rect = change.rect);
    const points = zigzag(side, lines);
    for (let turn = 0; turn < 6; turn++) {
        document.beginStroke({ ...brush, value: 30000 + 5000 * turn }, points[0]);
        for (const point of points.slice(1)) {
            const shifted = { x: point.x, y: point.y + 17 * turn };
            events.push(timed(() => document.extendStroke([shifted])));
            if (events.length % 5 === 0 && rect) {
                frames.push(timed(() => compose(document.read(rect), table, new Uint8ClampedArray(4 * rect.w * rect.h))));
            }
        }
        commits.push(timed(() => document.commitStroke()));
    }
    for (let turn = 0; turn < 6; turn++) undos.push(timed(() => document.undo()));
    for (let turn = 0; turn < 6; turn++) redos.push(timed(() => document.redo()));
    const name = `${side}, brush ${size}, hardness ${hardness}, ${lines} lines`;
    for (const list of [commits, undos, redos]) list.shift(); // the first ones are being compiled
    events.splice(0, 20);
    report(`${name}: pointer event`, events, 4);
    report(`${name}: overlay of its rectangle`, frames);
    report(`${name}: commit`, commits, 20);
    report(`${name}: undo`, undos, 20);
    report(`${name}: redo`, redos, 20);
    console.log(`${"".padEnd(52)} ${(document.history.bytes / 6 / 1024).toFixed(0).padStart(9)} KiB a step`);
}

console.log("".padEnd(52) + ["median", "slowest", "cpu"].map((name) => name.padStart(9)).join(""));
for (const side of [1024, 2048]) {
    for (const size of [8, 64, 512]) strokes(side, size, size === 64 ? 1 : 0.3, 1);
    strokes(side, 64, 0, 4);
    strokes(side, 512, 0.3, 4); // covers nearly everything at 2048
}

const size = { width: 2048, height: 2048 };
const document = new PaintDocument(size);
const picture = { ...size, data: new Uint8ClampedArray(4 * 2048 * 2048).map((_, i) => 120 + ((i * 7919) % 13)) };
report("2048, flood fill of everything, noisy", repeat(5, (i) => document.floodFill(picture, { x: 9, y: 9 }, 16, 1 + i)));
report("2048, linear gradient", repeat(5, (i) => document.drawGradient({ kind: "linear", from: { x: i, y: 0 }, to: { x: 2000, y: 2048 }, start: 0, end: 65535 })));
report("2048, ellipse of the whole canvas", repeat(5, (i) => document.drawShape({ kind: "ellipse", a: { x: 0, y: i }, b: { x: 2048, y: 2048 } }, 60000)));
report("2048, undo of all that", repeat(10, () => document.undo()));
report("2048, fill", repeat(5, (i) => document.fill(1000 * i)));
report("2048, fill, undo", repeat(5, () => document.undo()));
document.drawShape({ kind: "ellipse", a: { x: 300, y: 300 }, b: { x: 1700, y: 1500 } }, 60000);
report("2048, invert", repeat(4, () => document.invert()));
report("2048, levels", repeat(4, (i) => document.levels(0.01 * i, 1, 1.2)));
for (const radius of [4, 64]) report(`2048, soften by ${radius}`, repeat(3, () => document.soften(radius)));
for (const radius of [8, 32]) report(`2048, grow by ${radius}`, repeat(3, (i) => document.grow(i % 2 ? -radius : radius)));

const smooth = new PaintDocument(size);
smooth.load(document.map.copy());
smooth.beginStroke({ size: 256, hardness: 0, sigma: 8 }, { x: 0, y: 900 });
report("2048, smoothing brush 256, sigma 8: event", repeat(80, (i) => smooth.extendStroke([{ x: EVENT_PX * i, y: 900 }])), 4);
report("2048, smoothing brush: commit", repeat(1, () => smooth.commitStroke()), 20);

const soft = new PaintDocument({ width: 1024, height: 1024 });
for (const [y, hardness] of [[200, 0], [500, 0.5], [800, 1]]) {
    soft.beginStroke({ size: 300, hardness, value: 40000 }, { x: 50, y });
    soft.extendStroke([{ x: 900, y: y + 60 }]);
    soft.commitStroke();
}
const ramp = new PaintDocument({ width: 1024, height: 1024 });
ramp.drawGradient({ kind: "radial", from: { x: 500, y: 400 }, to: { x: 1100, y: 900 }, start: 65535, end: 0 });
let seed = 1;
const noise = new GreyMap(1024, 1024, new Uint16Array(1024 * 1024).map(() => (seed = (seed * 48271) % 2147483647)));
for (const [name, map, goal] of [["painted", soft.map, 150], ["radial gradient", ramp.map, 150], ["noise", noise, undefined]]) {
    for (const bits of [16, 8]) {
        const times = [];
        let file;
        for (let i = 0; i < 5; i++) times.push(await timed(async () => (file = await encodePng(map, bits))));
        report(`1024, PNG ${bits} bit, ${name}, ${(file.length / 1024).toFixed(0)} KiB`, times, goal);
        report(`1024, PNG ${bits} bit, ${name}: read`, [await timed(() => decodePng(file))]);
    }
}
console.log(failed ? `${failed} goals missed` : "all goals reached");
