import { FULL, checkSize } from "../map/map.mjs";
import { Canvas } from "../map/canvas.mjs";
import { clip, rowsOf, union, whole } from "../map/rect.mjs";
import { drawGradient, hasLength } from "../draw/gradient.mjs";
import { coverShape, spreadFill } from "../draw/areas.mjs";
import { grow, invertTable, levelsTable, shrink } from "../draw/filters.mjs";
import { soften, softenRect } from "../draw/blur.mjs";
import { resize } from "../map/resize.mjs";
import { trailOf } from "../draw/symmetry.mjs";
import { TileSet, tilesOf } from "../map/tiles.mjs";
import { PainterError } from "../map/errors.mjs";

/**
 * @typedef {import("../map/rect.mjs").Rect} Rect
 * @typedef {import("../map/map.mjs").GreyMap} GreyMap
 * @typedef {import("../map/cover.mjs").Mode} Mode
 * @typedef {import("../map/cover.mjs").Paint} Paint
 * @typedef {import("../draw/brush.mjs").Point} Point
 * @typedef {import("../draw/gradient.mjs").Gradient} Gradient
 *
 * @typedef {import("../draw/brush.mjs").Brush & { value?: number, mode?: Mode, sigma?: number,
 *     near?: Paint["near"], symmetry?: import("../draw/symmetry.mjs").Symmetry }} Tool
 * value: 0..65535. sigma: smooth instead of paint, by so many pixels. near: where it may paint.
 *
 * @typedef {import("../map/canvas.mjs").Change} Change
 *
 * @typedef {object} Former
 * @property {GreyMap} map
 * @property {import("../map/history.mjs").History} history
 * @property {number} at revision of the present map that says the same
 * @property {boolean} first it was painted, and the present map was made of it
 *
 * @typedef {import("../draw/areas.mjs").Shape} Shape
 */

const SHAPES = { rectangle: "Rectangle", ellipse: "Ellipse", polygon: "Lasso" };

/** A map being painted: strokes, shapes, whole-map changes, and pictures that come and go. */
export class PaintDocument extends Canvas {
    /**
     * @param {import("../map/rect.mjs").Size} size
     * @param {import("../map/canvas.mjs").Options} [options]
     */
    constructor(size, options = {}) {
        super(size, options);
        /** @type {{ trail: ReturnType<typeof trailOf>, label: string, paint: Paint, sigma: number } | null} */
        this.stroke = null;
        /** Tiles whose softened values are known to the smoothing brush. @type {TileSet | null} */
        this.smoothed = null;
        /** The map of the picture before, of another size. @type {Former | null} */
        this.former = null;
    }

    // ---- strokes -----------------------------------------------------------------------------

    /**
     * Begins a stroke; one that is still in progress is committed first.
     *
     * @param {Tool} tool
     * @param {Point} point
     * @param {string} [label]
     */
    beginStroke(tool, point, label = tool.sigma ? "Smooth" : "Brush") {
        this.commitStroke();
        const sigma = tool.sigma ?? 0;
        const mode = sigma ? "replace" : (tool.mode ?? "max");
        const plane = sigma ? this.spare() : null;
        const paint = { mode, value: tool.value ?? FULL, plane, near: tool.near ?? null };
        this.stroke = { trail: trailOf(this.sheet, tool), label, paint, sigma };
        if (sigma) this.smoothed = new TileSet(this);
        return this.extendStroke([point]);
    }

    /**
     * @param {Point[]} points
     * @returns {Rect | null} what looks different now
     */
    extendStroke(points) {
        return this.stroke && this.#drawn(this.stroke.trail.extend(points));
    }

    /**
     * The map takes the stroke over, as one step of history.
     *
     * @returns {Rect | null} what changed
     */
    commitStroke() {
        const { stroke } = this;
        if (!stroke) return null;
        this.#drawn(stroke.trail.finish());
        this.stroke = null;
        return this.commitCover(stroke.label, stroke.paint, true);
    }

    /** Gives the stroke in progress up; what was committed stays. */
    cancelStroke() {
        if (!this.stroke) return;
        this.stroke = null;
        const rect = this.sheet.tiles.bounds;
        this.sheet.clear();
        if (rect) this.tell("cancel", rect);
    }

    // ---- whole shapes ------------------------------------------------------------------------

    /**
     * @param {Shape} shape
     * @param {number} value
     * @param {Mode} [mode]
     */
    drawShape(shape, value, mode = "replace") {
        this.commitStroke();
        coverShape(this.sheet, shape);
        return this.commitCover(SHAPES[shape.kind], { mode, value });
    }

    /**
     * @param {Gradient} gradient
     * @param {Mode} [mode]
     */
    drawGradient(gradient, mode = "replace") {
        this.commitStroke();
        if (!hasLength(gradient)) return null;
        const plane = this.spare();
        const { cover } = this;
        cover.data.fill(FULL);
        cover.tiles.mark(whole(this));
        drawGradient(gradient, whole(this), plane, this.width);
        return this.commitCover("Gradient", { mode, value: 0, plane });
    }

    /**
     * @param {import("../draw/flood.mjs").Picture} picture of the map's size
     * @param {Point} point
     * @param {number} tolerance 0..255
     * @param {number} value
     * @param {Mode} [mode]
     * @param {import("../draw/areas.mjs").Spread} [spread]
     */
    floodFill(picture, point, tolerance, value, mode = "replace", spread = {}) {
        this.commitStroke();
        spreadFill(this.cover, picture, point, tolerance, spread);
        return this.commitCover("Fill area", { mode, value });
    }

    // ---- the whole map -----------------------------------------------------------------------

    /** @param {number} value */
    fill(value) {
        this.commitStroke();
        return this.replaceAll("Fill", this.spare().fill(value));
    }

    invert() {
        this.commitStroke();
        return this.applyTable("Invert", invertTable());
    }

    /**
     * @param {number} black
     * @param {number} white
     * @param {number} gamma
     */
    levels(black, white, gamma) {
        const table = levelsTable(black, white, gamma); // may refuse, before anything is touched
        this.commitStroke();
        return this.applyTable("Levels", table);
    }

    /** @param {number} radius pixels; below 0 shrinks */
    grow(radius) {
        if (!Number.isFinite(radius) || Math.abs(radius) > 256) {
            throw new PainterError(`${radius} is not a usable radius`, "Use at most 256 pixels");
        }
        this.commitStroke();
        const change = radius < 0 ? shrink : grow;
        const label = radius < 0 ? "Shrink" : "Grow";
        return this.replaceAll(label, change(this.map.data, this.map, Math.abs(radius)));
    }

    /** @param {number} radius pixels */
    soften(radius) {
        if (!(radius >= 0 && radius <= 4096)) {
            throw new PainterError(`${radius} is not a usable radius`, "Use 0 to 4096 pixels");
        }
        this.commitStroke();
        return radius ? this.replaceAll("Soften", soften(this.map.data, this.map, radius)) : null;
    }

    /**
     * Takes another map over, at this picture's size.
     *
     * @param {import("../map/map.mjs").GreyMap} map
     */
    load(map) {
        this.commitStroke();
        const same = map.width === this.width && map.height === this.height;
        const values = same ? map.data.slice() : resize(map, this.width, this.height).data;
        return this.replaceAll("Import", values, true);
    }

    // ---- history -----------------------------------------------------------------------------

    /** Takes the last change back; a stroke in progress is that change. */
    undo() {
        if (this.stroke) this.cancelStroke();
        else super.undo();
    }

    /** Brings the last change back again; not in the middle of a stroke. */
    redo() {
        if (!this.stroke) super.redo();
    }

    // ---- picture -----------------------------------------------------------------------------

    /**
     * Another picture came in. A stroke in progress is committed; then
     * - same size: map and history stay as they are;
     * - other size: the map is resized to it and history starts anew. A picture of the former size
     *   brings the former map and its history back, exactly; what was painted since is on top of
     *   them, as one step.
     *
     * @param {import("../map/rect.mjs").Size} size
     * @returns {"kept" | "resized" | "restored"}
     */
    setImage({ width, height }) {
        checkSize(width, height); // before anything is touched
        this.commitStroke();
        if (width === this.width && height === this.height) return "kept";
        const { former } = this;
        const here = { map: this.map, history: this.history };
        const same = former?.at === this.revision;
        const base = same && former.first ? former : here;
        const back = former?.map.width === width && former.map.height === height;
        const exact = back && same;
        const flat = !exact && base.map.isFlat();
        const fitted = exact ? null : resize(base.map, width, height, flat);
        if (back) this.open(former.map, former.history);
        else this.open(fitted);
        this.tell("image", whole(this));
        if (back && fitted) this.replaceAll("Other picture", fitted.data, true);
        if (flat && base.map.data[0] === 0) this.blankAt = this.revision; // nobody has to look
        const { map, history } = exact ? here : base;
        this.former = { map, history, at: this.revision, first: !exact };
        return exact ? "restored" : "resized";
    }

    // ---- looking -----------------------------------------------------------------------------

    /**
     * Values as they look now, the stroke in progress included.
     *
     * @param {Rect} rect inside the map
     * @param {Uint16Array} [out]
     */
    read(rect, out = new Uint16Array(rect.w * rect.h)) {
        this.history.land(rect);
        const { raw, stroke } = this;
        if (!stroke) return rowsOf(raw.data, raw.width, rect, out);
        return this.held(stroke.paint, rect, out, this.limitOf(stroke.paint));
    }

    /**
     * The eyedropper.
     *
     * @param {Point} point
     * @returns {number | null} null off the canvas
     */
    pick({ x, y }) {
        const rect = clip({ x: Math.floor(x), y: Math.floor(y), w: 1, h: 1 }, this);
        return rect ? this.read(rect)[0] : null;
    }

    // ---- inside ------------------------------------------------------------------------------

    /** A stroke got so far: its paint is made ready, and the view is told. */
    #drawn(rect) {
        if (!rect) return null;
        if (this.stroke.sigma) this.#smooth(rect, this.stroke.sigma);
        this.tell("stroke", rect);
        return rect;
    }

    /** The softened map under the smoothing brush, where it is not known yet. */
    #smooth(rect, sigma) {
        let missing = null;
        for (const index of tilesOf(rect, this)) {
            if (!this.smoothed.flags[index]) missing = union(missing, this.smoothed.rect(index));
        }
        if (!missing) return;
        softenRect(this.map.data, this, sigma, missing, this.stroke.paint.plane);
        this.smoothed.mark(missing);
    }
}
