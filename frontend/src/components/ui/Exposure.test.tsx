// The line of light: it shows what is known and nothing more.
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { LineOfLight } from "./Exposure";

afterEach(cleanup);

const light = () => screen.getByRole("progressbar").firstElementChild;

it("does not shrink to the first known progress from a line that was full", () => {
  const { rerender } = render(<LineOfLight progress={0} known={false} words="Starting" />);
  const breathing = light();
  rerender(<LineOfLight progress={5} known words="Generating" />);
  expect(light()).not.toBe(breathing);
  expect((light() as HTMLElement).style.transform).toBe("scaleX(0.05)");
});

it("moves on between known values as one line", () => {
  const { rerender } = render(<LineOfLight progress={5} known words="Generating" />);
  const line = light();
  rerender(<LineOfLight progress={10} known words="Generating" />);
  expect(light()).toBe(line);
});

it("claims no value while none is known", () => {
  render(<LineOfLight progress={0} known={false} words="Waiting" />);
  expect(screen.getByRole("progressbar").hasAttribute("aria-valuenow")).toBe(false);
});
