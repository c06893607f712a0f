// Tests that both languages have the same keys and placeholders, and that every key is used.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import en from "./en.json";
import zh from "./zh.json";

type Tree = { [key: string]: string | Tree };

function flatten(tree: Tree, prefix = ""): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "string") flat.set(prefix + key, value);
    else for (const [inner, text] of flatten(value, `${prefix}${key}.`)) flat.set(inner, text);
  }
  return flat;
}

const english = flatten(en);
const chinese = flatten(zh);
const plural = /(_ordinal)?_(zero|one|two|few|many|other)$/;
const base = (key: string) => key.replace(plural, "");
const bases = (texts: Map<string, string>) => [...new Set([...texts.keys()].map(base))].sort();
const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();

describe("the two languages", () => {
  it("have the same keys", () => {
    expect(bases(chinese)).toEqual(bases(english));
  });

  it("have no empty text", () => {
    for (const text of [...english.values(), ...chinese.values()]) expect(text.trim()).not.toBe("");
  });

  it("use the same placeholders", () => {
    for (const [key, text] of chinese) {
      const same = english.get(key) ?? english.get(`${base(key)}_other`);
      expect(placeholders(text), key).toEqual(placeholders(same ?? ""));
    }
  });

  it.each([
    ["en", english],
    ["zh-CN", chinese],
  ])("have exactly the plural forms that %s needs", (tag, texts) => {
    for (const key of [...texts.keys()].filter((one) => plural.test(one))) {
      const ordinal = key.includes("_ordinal");
      const needed = new Intl.PluralRules(tag, { type: ordinal ? "ordinal" : "cardinal" }).resolvedOptions().pluralCategories;
      const actual = [...texts.keys()].filter((one) => base(one) === base(key)).map((one) => one.slice(one.lastIndexOf("_") + 1));
      expect(actual.sort(), base(key)).toEqual([...needed].sort());
    }
  });
});

it("every key is used", () => {
  const source = sources(join(import.meta.dirname, "../.."));
  expect(bases(english).filter((key) => !source.includes(`"${key}"`))).toEqual([]);
});

function sources(folder: string): string {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sources(path);
      return /(?<!\.test)\.tsx?$/.test(entry.name) ? readFileSync(path, "utf8") : "";
    })
    .join("\n");
}
