// Lint rules. Imports run one way, app → features → components and lib; a feature never imports another.
import { readdirSync } from "node:fs";
import js from "@eslint/js";
import reactHooks from "eslint-plugin-react-hooks";
import globals from "globals";
import tseslint from "typescript-eslint";

/** Forbids imports by pattern, each group with its message. */
const forbid = (files, groups) => ({
  files,
  rules: {
    "no-restricted-imports": ["error", { patterns: groups.map(([group, message]) => ({ group, message })) }],
  },
});

const climbing = [["../**"], "Inside a folder use ./, elsewhere use @/."];
const features = readdirSync(new URL("./src/features", import.meta.url));

export default tseslint.config(
  { ignores: ["dist", "coverage", "src/lib/api/schema.d.ts"] },
  js.configs.recommended,
  {
    files: ["src/**/*.{ts,tsx}", "vite.config.ts"],
    extends: [...tseslint.configs.strictTypeChecked, reactHooks.configs.flat["recommended-latest"]],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "no-restricted-syntax": [
        "error",
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: "Everything that comes from outside is rendered as text.",
        },
      ],
      "max-lines": ["error", { max: 250, skipBlankLines: true, skipComments: true }],
    },
  },
  { files: ["src/**/*.tsx"], rules: { "max-lines": ["error", { max: 200, skipBlankLines: true, skipComments: true }] } },
  { files: ["src/**/*.test.{ts,tsx}"], rules: { "max-lines": "off", "@typescript-eslint/no-non-null-assertion": "off" } },
  { files: ["public/**/*.js"], languageOptions: { globals: globals.browser } },
  { files: ["*.js"], languageOptions: { globals: globals.node } },
  ...features.map((name) =>
    forbid([`src/features/${name}/**`], [
      climbing,
      [["@/features/**"], "A feature never imports another: share through lib or components, or wire them in app."],
      [["@/app/**"], "Features do not know the application around them."],
    ]),
  ),
  forbid(["src/components/**"], [climbing, [["@/features/**", "@/app/**"], "Components know no feature."]]),
  forbid(["src/lib/**"], [climbing, [["@/features/**", "@/app/**", "@/components/**"], "lib stands below everything."]]),
  // The last matching rule applies, so these repeat the one above.
  ...[
    ["jobs", "live"],
    ["live", "jobs"],
  ].map(([name, other]) =>
    forbid([`src/lib/${name}/**`], [
      climbing,
      [["@/features/**", "@/app/**", "@/components/**"], "lib stands below everything."],
      [[`@/lib/${other}/**`], "app/startLive.ts connects the live connection with the job store."],
    ]),
  ),
);
