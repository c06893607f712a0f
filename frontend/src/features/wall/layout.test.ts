// The packing of the wall at every width: shapes are kept and nothing overlaps.
import { describe, expect, it } from "vitest";
import { layOut, type Shape } from "./layout";

const measures = (width: number) => ({ width, gap: 16, caption: 48, line: 40 });
const times = (count: number, shape: Shape) => Array.from({ length: count }, () => shape);
const inFirstRow = (shapes: Shape[], width: number) => layOut(shapes, measures(width)).boxes.filter((box) => box.top === 0).length;

describe("the wall", () => {
  it.each([
    [358, "wide", 1],
    [358, "tall", 2],
    [720, "wide", 2],
    [720, "tall", 3],
    [1392, "wide", 4],
  ] as const)("at %i px puts %s cards %i in a row", (width, shape, count) => {
    expect(inFirstRow(times(12, shape), width)).toBe(count);
  });

  it("keeps every card's own shape, inside the width, without overlap", () => {
    const shapes: Shape[] = Array.from({ length: 60 }, (_, n) => (n % 3 === 1 ? "tall" : n % 17 === 5 ? "line" : "wide"));
    for (const width of [320, 358, 720, 1024, 1392, 1872]) {
      const { boxes, height } = layOut(shapes, measures(width));
      boxes.forEach((box, n) => {
        if (shapes[n] !== "line") expect(box.width / box.height).toBeCloseTo(shapes[n] === "tall" ? 9 / 16 : 16 / 9);
        expect(box.left + box.width).toBeLessThanOrEqual(width + 0.01);
        expect(box.top + box.height).toBeLessThanOrEqual(height + 0.01);
        for (const other of boxes.slice(n + 1)) {
          const apart =
            other.left >= box.left + box.width ||
            box.left >= other.left + other.width ||
            other.top >= box.top + box.height ||
            box.top >= other.top + other.height;
          expect(apart).toBe(true);
        }
      });
    }
  });

  it.each([
    [1232, ["tall", "wide", "wide", "tall", "wide", "wide", "tall", "tall", "wide", "wide", "wide", "wide"]],
    [1392, ["wide", "tall", "wide", "tall", "tall", "wide", "wide", "wide", "wide", "tall", "wide", "wide"]],
  ] as const)("at %i px leaves a portrait card room for its words", (width, shapes) => {
    const { boxes } = layOut(shapes, measures(width));
    boxes.forEach((box, n) => {
      if (shapes[n] === "tall") expect(box.width).toBeGreaterThan(147);
    });
  });

  it("does not blow up the last row", () => {
    expect(layOut(["wide"], measures(1392)).boxes[0]?.width).toBeLessThan(400);
  });

  it("has no height while it is empty", () => {
    expect(layOut([], measures(720))).toEqual({ boxes: [], height: 0 });
  });
});
