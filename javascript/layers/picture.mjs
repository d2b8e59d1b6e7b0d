/** A setting that is a picture: chosen from the computer, kept as a data URL, shown as it is. */
import { h, uniqueId } from "../painter/ui/controls/dom.mjs";
import { button } from "../painter/ui/controls/fields.mjs";

const MOST_BYTES = 32 * 2 ** 20; // a page sends all its boxes with every run

/**
 * @param {import("./model.mjs").Field} field
 * @param {(value: string | null) => void} act
 * @param {(problem: string) => void} complain
 * @returns {import("./controls.mjs").Control}
 */
export function pictureField({ title, help, needed }, act, complain) {
    const name = uniqueId("picture");
    const thumbnail = h("img", { class: "diffdiff-thumbnail", alt: "", hidden: true });
    const told = h("span", { class: "diffdiff-picture-told" });
    const file = h("input", { type: "file", accept: "image/*", hidden: true, tabindex: -1 });
    const open = () => file.click();
    const choose = button({ label: `Choose a picture: ${title}`, text: "Choose…", act: open });
    const leave = button({
        label: `Without a picture: ${title}`, symbol: "clear",
        act: () => {
            act(null);
            choose.focus();
        },
    }); // prettier-ignore
    let latest = 0; // the file chosen last is the one that counts

    file.addEventListener("change", async () => {
        const [chosen] = file.files;
        file.value = ""; // the same file again is a change, too
        if (!chosen) return;
        const mine = ++latest;
        const problem = await wrongWithFile(chosen);
        const url = problem ? null : await dataUrl(chosen);
        if (mine !== latest || !file.isConnected) return;
        if (problem) complain(`${title}: ${problem}`);
        else act(url);
    });

    let shown;
    const show = (value) => {
        if (value === shown) return;
        shown = value;
        latest++; // what is still being read comes too late
        const url = isPicture(value) ? value : null;
        thumbnail.hidden = !url;
        if (url) thumbnail.src = url;
        else thumbnail.removeAttribute("src");
        choose.lastChild.textContent = value ? "Replace…" : "Choose…";
        leave.hidden = !value;
        const none = needed ? "None yet: needed" : "None";
        told.textContent = url ? "" : value ? value.slice(0, 200) : none;
        told.title = told.textContent;
    };
    thumbnail.addEventListener("load", () => {
        told.textContent = `${thumbnail.naturalWidth} × ${thumbnail.naturalHeight}`;
    });
    thumbnail.addEventListener("error", () => {
        thumbnail.hidden = true;
        told.textContent = "This picture cannot be shown";
    });
    show(null);
    const element = h(
        "div",
        { class: "diffdiff-field diffdiff-wide", role: "group", "aria-labelledby": name },
        h("div", { class: "diffdiff-field-head" }, h("span", { id: name, title: help }, title)),
        h("div", { class: "diffdiff-picture" }, thumbnail, choose, leave, told, file),
    );
    return { element, show };
}

/** A path or an address stays text: a preset must not make the page fetch anything. */
const isPicture = (value) => typeof value === "string" && /^data:image\//i.test(value);

/** @returns {Promise<string | null>} */
async function wrongWithFile(file) {
    if (file.size > MOST_BYTES) {
        return `${file.name} has more than ${MOST_BYTES / 2 ** 20} MiB. Choose a smaller picture.`;
    }
    try {
        (await createImageBitmap(file)).close();
        return null;
    } catch {
        return `${file.name} is not a picture that this browser can read. Use PNG, JPEG or WebP.`;
    }
}

/** @param {File} file @returns {Promise<any>} */
const dataUrl = (file) =>
    new Promise((resolve, reject) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.onerror = () => reject(reader.error);
        // a file without a known ending has no type: it was decoded, so it is a picture
        reader.readAsDataURL(file.type ? file : new Blob([file], { type: "image/png" }));
    });
