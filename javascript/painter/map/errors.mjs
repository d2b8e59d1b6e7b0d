/** The one error of the painter's core: what is wrong, and what the user can do about it. */
export class PainterError extends RangeError {
    /**
     * @param {string} problem
     * @param {string} remedy an instruction
     */
    constructor(problem, remedy) {
        super(`${problem}. ${remedy}.`);
        this.name = "PainterError";
        this.problem = problem;
        this.remedy = remedy;
    }
}
