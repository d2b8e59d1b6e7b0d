/** Small helpers around the DOM: elements in one line, listeners that can be taken off again. */

/**
 * @param {string} tag
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes] true: present;
 *     false, null and undefined: left out
 * @param {...(Node | string | null)} children
 * @returns {any} the element
 */
export function h(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value === false || value === null || value === undefined) continue;
        element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children.filter((child) => child !== null));
    return element;
}

let counter = 0;

/** An id that is on this page only once, however many painters there are. */
export const uniqueId = (name) => `diffdiff-${name}-${++counter}`;

/** What must be undone at the end: listeners, observers, timers. */
export class Cleanup {
    constructor() {
        /** @type {(() => void)[]} */
        this.tasks = [];
    }

    /** @param {() => void} task */
    add(task) {
        this.tasks.push(task);
    }

    /**
     * @param {EventTarget} target
     * @param {string} type
     * @param {(event: any) => void} handler
     * @param {AddEventListenerOptions} [options]
     */
    listen(target, type, handler, options) {
        target.addEventListener(type, handler, options);
        this.add(() => target.removeEventListener(type, handler, options));
    }

    run() {
        for (const task of this.tasks.splice(0).reverse()) task();
    }
}

/**
 * Whether an element takes text, so that keys belong to it.
 *
 * @param {Element | null} element
 */
export function takesText(element) {
    if (!element) return false;
    if (/** @type {HTMLElement} */ (element).isContentEditable) return true;
    if (element.tagName === "TEXTAREA" || element.tagName === "SELECT") return true;
    const keyless = ["range", "checkbox", "radio", "button", "color", "file", "submit", "reset"];
    const { type } = /** @type {HTMLInputElement} */ (element);
    return element.tagName === "INPUT" && !keyless.includes(type);
}

/** The element with the focus, inside of shadow roots too. */
export function focused() {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element;
}

/** Runs a task when the browser has nothing else to do. @param {() => void} task */
export const whenIdle = (task) =>
    window.requestIdleCallback
        ? requestIdleCallback(task, { timeout: 2000 })
        : setTimeout(task, 50);
