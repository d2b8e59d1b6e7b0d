/** Covered pixels, parts added up. */
export const total = ({ data }) => data.reduce((sum, v) => sum + v, 0) / 65535;

/** Whether anything is covered that a returned rectangle does not tell. */
export const changedOutside = ({ data, width }, { x, y, w, h }) =>
    data.some((v, i) => {
        const [column, row] = [i % width, Math.floor(i / width)];
        return v && (column < x || column >= x + w || row < y || row >= y + h);
    });
