// Tests the gallery's layout at several widths: aspect ratios are kept, and nothing overlaps.
import { describe, expect, it } from "vitest";
import { computeLayout, type Shape } from "./layout";

const options = (width: number) => ({ width, gap: 16, captionHeight: 48, collapsedHeight: 40 });
const times = (count: number, shape: Shape) => Array.from({ length: count }, () => shape);
const inFirstRow = (shapes: Shape[], width: number) => computeLayout(shapes, options(width)).boxes.filter((box) => box.top === 0).length;

describe("the layout", () => {
  it.each([
    [358, "landscape", 1],
    [358, "portrait", 2],
    [720, "landscape", 2],
    [720, "portrait", 3],
    [1392, "landscape", 4],
  ] as const)("at %i px places %s cards in rows of %i", (width, shape, count) => {
    expect(inFirstRow(times(12, shape), width)).toBe(count);
  });

  it("keeps aspect ratios, within the width, without overlap", () => {
    const shapes: Shape[] = Array.from({ length: 60 }, (_, n) => (n % 3 === 1 ? "portrait" : n % 17 === 5 ? "collapsed" : "landscape"));
    for (const width of [320, 358, 720, 1024, 1392, 1872]) {
      const { boxes, height } = computeLayout(shapes, options(width));
      boxes.forEach((box, n) => {
        if (shapes[n] !== "collapsed") expect(box.width / box.height).toBeCloseTo(shapes[n] === "portrait" ? 9 / 16 : 16 / 9);
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
    [1232, ["portrait", "landscape", "landscape", "portrait", "landscape", "landscape", "portrait", "portrait", "landscape", "landscape", "landscape", "landscape"]],
    [1392, ["landscape", "portrait", "landscape", "portrait", "portrait", "landscape", "landscape", "landscape", "landscape", "portrait", "landscape", "landscape"]],
  ] as const)("at %i px keeps portrait cards wide enough for their text", (width, shapes) => {
    const { boxes } = computeLayout(shapes, options(width));
    boxes.forEach((box, n) => {
      if (shapes[n] === "portrait") expect(box.width).toBeGreaterThan(147);
    });
  });

  it("does not stretch the last row", () => {
    expect(computeLayout(["landscape"], options(1392)).boxes[0]?.width).toBeLessThan(400);
  });

  it("has no height when empty", () => {
    expect(computeLayout([], options(720))).toEqual({ boxes: [], height: 0 });
  });
});
