// Tests that the progress bar shows exactly what is known.
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { ProgressBar } from "./ProgressBar";

afterEach(cleanup);

const light = () => screen.getByRole("progressbar").firstElementChild;

it("does not animate from full width to the first known value", () => {
  const { rerender } = render(<ProgressBar progress={0} known={false} label="Starting" />);
  const breathing = light();
  rerender(<ProgressBar progress={5} known label="Generating" />);
  expect(light()).not.toBe(breathing);
  expect((light() as HTMLElement).style.transform).toBe("scaleX(0.05)");
});

it("animates between known values", () => {
  const { rerender } = render(<ProgressBar progress={5} known label="Generating" />);
  const line = light();
  rerender(<ProgressBar progress={10} known label="Generating" />);
  expect(light()).toBe(line);
});

it("has no value while the progress is unknown", () => {
  render(<ProgressBar progress={0} known={false} label="Waiting" />);
  expect(screen.getByRole("progressbar").hasAttribute("aria-valuenow")).toBe(false);
});
