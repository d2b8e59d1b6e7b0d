import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, beside, Drafting, errorOf, wordsOf } from "../../javascript/hosts/drafting.mjs";

const MARK = "Steps: 20, DD draft: 6 steps at 256x192, Version: 1";
const picture = (name) => [{ name, is_file: true }, null];
const shows = (name, text, log = "") => [
    [picture(name)],
    JSON.stringify({ infotexts: [text] }),
    text,
    log,
];
const failed = (log) => [null, "", "", log];
const BEFORE = shows("kept.png", "Steps: 20");

/** A tab whose Generate does what a test says, and whose clock a test turns. */
function tab(results = BEFORE) {
    const queue = [];
    const made = {
        results, box: "", sent: [], working: false, deaf: false, place: 2, chosen: [],
        async tick(times = 1) {
            for (let i = 0; i < times; i++) await queue.shift()?.();
        },
    }; // prettier-ignore
    made.drafts = new Drafting({
        press: () => made.pressed(),
        busy: () => made.working,
        ask: (word) => (made.box = word),
        async swap(answer) {
            if (made.deaf) return false;
            made.results = answer(made.results) ?? made.results;
            return true;
        },
        chosen: () => made.place,
        choose: (place) => made.chosen.push(place),
        later: (work) => queue.push(work),
    });
    made.pressed = () => {
        made.drafts.pressed(false);
        made.sent.push(made.box);
        made.working = true;
    };
    return made;
}

/** A draft from the press to the end of its run. */
async function ran(made, results) {
    await made.drafts.start();
    await made.tick(2);
    if (results) made.results = results;
    made.working = false;
    await made.tick(2);
}

test("the tab shows again what it showed, and the canvas gets the draft", async () => {
    const made = tab();
    await ran(made, shows("draft.png", MARK));
    assert.match(made.sent[0], /^draft-[0-9a-f]{32}$/);
    assert.deepEqual(made.results, BEFORE);
    const { words, key } = /** @type {any} */ (made.drafts.last);
    assert.equal(words, "6 steps, 256 × 192");
    assert.ok(key.endsWith("draft.png") && !made.drafts.active);
    assert.deepEqual(made.chosen, [2], "the picture that was shown large");
});

test("the word is gone as soon as the page has sent it, and never comes twice", async () => {
    const made = tab();
    await made.drafts.start();
    assert.ok(made.box);
    await made.tick();
    assert.equal(made.box, "");
    made.results = shows("a.png", MARK);
    made.working = false;
    await made.tick(2);
    await ran(made, shows("b.png", MARK));
    assert.equal(new Set(made.sent).size, 2);
    made.pressed();
    assert.equal(made.sent[2], "", "an ordinary run after it");
});

test("a person's Generate is an ordinary run, whatever is left in the box", async () => {
    const made = tab();
    made.pressed = () => {}; // the page holds the press back
    await made.drafts.start();
    made.drafts.pressed(false); // and gives it again
    assert.ok(made.box);
    made.drafts.pressed(true);
    assert.ok(made.box === "" && !made.drafts.active);
    made.box = "draft-left";
    made.drafts.pressed(false);
    assert.equal(made.box, "");
});

test("a run that does not begin is given up, and says so", async () => {
    const made = tab();
    made.pressed = () => {};
    await made.drafts.start();
    await made.tick(74);
    assert.ok(made.drafts.active);
    await made.tick();
    assert.ok(!made.drafts.active && made.box === "");
    assert.match(/** @type {any} */ (made.drafts.last).problem, /did not start/);
});

test("a refusal is told on the canvas, stays in the log, and the pictures stay", async () => {
    const made = tab();
    const log =
        "<div class='error'>Differential Diffusion: Mode: a draft isn&#x27;t <b>one</b></div>";
    await ran(made, failed(log));
    const { problem } = /** @type {any} */ (made.drafts.last);
    assert.equal(problem, "Mode: a draft isn't one");
    assert.deepEqual(made.results, [...BEFORE.slice(0, 3), log]);
});

test("the same refusal twice is told twice", async () => {
    const log = "<div class='error'>Differential Diffusion: Script: no</div>";
    const made = tab(failed(log));
    for (const key of ["1", "2"]) {
        await ran(made, failed(log));
        await made.tick(30);
        assert.deepEqual(made.drafts.last, { key, problem: "Script: no" });
    }
});

test("an earlier refusal does not come back with the results", async () => {
    const made = tab(shows("kept.png", "Steps: 20", "<div class='error'>Script: no</div>"));
    await ran(made, shows("draft.png", MARK));
    assert.deepEqual(made.results, BEFORE);
});

test("results that come late are waited for", async () => {
    const made = tab();
    await made.drafts.start();
    await made.tick(2);
    made.working = false;
    await made.tick(5);
    assert.ok(made.drafts.active);
    made.results = shows("draft.png", MARK);
    await made.tick();
    assert.ok(!made.drafts.active && made.results === BEFORE);
});

test("an interrupted run that shows nothing ends, and a full run stays in the gallery", async () => {
    const made = tab();
    await ran(made, null);
    await made.tick(30);
    assert.match(/** @type {any} */ (made.drafts.last).problem, /interrupted/);
    const full = shows("full.png", "Steps: 20, Seed: 4");
    await ran(made, full);
    assert.deepEqual(made.results, full);
    assert.deepEqual(made.chosen, [], "not touched");
    assert.match(/** @type {any} */ (made.drafts.last).problem, /full run/);
});

test("a draft that was left in the gallery is not taken for the new one", async () => {
    const made = tab(shows("old.png", MARK));
    await made.drafts.start();
    await made.tick(2);
    made.working = false;
    await made.tick(3);
    assert.equal(made.drafts.last, null);
    made.results = shows("new.png", MARK);
    await made.tick();
    assert.match(/** @type {any} */ (made.drafts.last).key, /new\.png$/);
});

test("a page that cannot hand over what it shows leaves it alone", async () => {
    const made = tab();
    made.deaf = true;
    await ran(made, shows("draft.png", MARK));
    await made.tick(30);
    assert.match(/** @type {any} */ (made.drafts.last).problem, /Reload the page/);
});

test("a page that is slow to say what it showed keeps the draft, with its text", async () => {
    const made = tab();
    made.deaf = true;
    await made.drafts.start();
    await made.tick(2);
    made.deaf = made.working = false;
    await made.tick(2);
    assert.ok(made.drafts.active, "the results before are not taken for the run's");
    const draft = shows("draft.png", MARK);
    made.results = draft;
    await made.tick();
    assert.equal(made.results, draft);
    assert.equal(/** @type {any} */ (made.drafts.last).words, "6 steps, 256 × 192");
});

test("nothing begins while the tab works, or a draft is under way", async () => {
    const made = tab();
    made.working = true;
    await made.drafts.start();
    assert.equal(made.sent.length, 0);
    made.working = false;
    await made.drafts.start();
    await made.drafts.start();
    assert.equal(made.sent.length, 1);
});

test("words, addresses and errors", () => {
    assert.equal(
        wordsOf("DD draft: 1 step at 64x64 and interrupted, x"),
        "1 step, 64 × 64, interrupted",
    );
    for (const text of ["", "a prompt of DD drafts", "DD draft: many"])
        assert.equal(wordsOf(text), null);
    assert.equal(addressOf([picture("a b.png")]), "file=a b.png");
    assert.equal(
        addressOf([{ image: { path: "/x", url: "http://h/x" }, caption: null }]),
        "http://h/x",
    );
    for (const none of [null, [], [null]]) assert.equal(addressOf(none), null);
    assert.equal(errorOf("<div class='performance'>Time</div>"), null);
    assert.equal(errorOf('<div class="error">a &lt; b &amp; c</div>'), "a < b & c");
});

test("beside a draft, the last result is still the last one until it is back", () => {
    let [hidden, found] = [false, /** @type {any} */ ("a")];
    const look = beside(
        () => hidden,
        () => found,
    );
    assert.equal(look(), "a");
    [hidden, found] = [true, "draft"];
    assert.equal(look(), "a");
    [hidden, found] = [false, null]; // its picture is still loading
    assert.equal(look(), "a");
    found = "a";
    assert.equal(look(), "a");
    found = null;
    assert.equal(look(), null, "cleared by hand");
});
