// The line of light: it shows what is known and nothing more.
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { ProgressBar } from "./ProgressBar";

afterEach(cleanup);

const light = () => screen.getByRole("progressbar").firstElementChild;

it("does not shrink to the first known progress from a line that was full", () => {
  const { rerender } = render(<ProgressBar progress={0} known={false} label="Starting" />);
  const breathing = light();
  rerender(<ProgressBar progress={5} known label="Generating" />);
  expect(light()).not.toBe(breathing);
  expect((light() as HTMLElement).style.transform).toBe("scaleX(0.05)");
});

it("moves on between known values as one line", () => {
  const { rerender } = render(<ProgressBar progress={5} known label="Generating" />);
  const line = light();
  rerender(<ProgressBar progress={10} known label="Generating" />);
  expect(light()).toBe(line);
});

it("claims no value while none is known", () => {
  render(<ProgressBar progress={0} known={false} label="Waiting" />);
  expect(screen.getByRole("progressbar").hasAttribute("aria-valuenow")).toBe(false);
});
