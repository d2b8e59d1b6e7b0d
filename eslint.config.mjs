import js from "@eslint/js";
import globals from "globals";

export default [
    { ignores: ["demo-output/**", "benchmarks/output/**", ".venv/**"] },
    js.configs.recommended,
    {
        files: ["**/*.mjs"],
        languageOptions: { globals: { ...globals.browser, ...globals.node } },
        rules: {
            eqeqeq: "error",
            "no-var": "error",
            "prefer-const": "error",
            "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
        },
    },
];
