// Tests the composer by keyboard and mouse.
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { videos } from "@/lib/api/endpoints";
import { setupI18n } from "@/lib/i18n/setup";
import { useJobs } from "@/lib/jobs/store";
import { appWrapper } from "@/lib/testing";
import { Composer } from "./Composer";
import { useComposer } from "./store";

const never = new Promise<never>(() => undefined);

beforeAll(setupI18n);

beforeEach(() => {
  localStorage.clear();
  useJobs.getState().reset();
  useComposer.getState().open("user");
  vi.spyOn(videos, "models").mockReturnValue(never);
});

afterEach(cleanup);

const box = () => screen.getByRole("textbox", { name: "Prompt" });
const button = () => screen.getByRole("button", { name: "Generate" });

it("keeps the button focusable while it cannot submit, and says why on click", () => {
  const submit = vi.spyOn(videos, "submit");
  render(<Composer />, { wrapper: appWrapper() });
  expect(button()).toHaveProperty("disabled", false);
  expect(button().getAttribute("aria-disabled")).toBe("true");
  fireEvent.click(button());
  expect(screen.getByText("Enter a prompt first.")).toBeTruthy();
  expect(submit).not.toHaveBeenCalled();
});

it("submits on Ctrl+Enter and ⌘+Enter, and keeps the focus", () => {
  const submit = vi.spyOn(videos, "submit").mockReturnValue(never);
  render(<Composer />, { wrapper: appWrapper() });
  for (const key of [{ ctrlKey: true }, { metaKey: true }]) {
    fireEvent.change(box(), { target: { value: " a fox\n" } });
    fireEvent.keyDown(box(), { key: "Enter", ...key });
    expect(submit).toHaveBeenLastCalledWith({ prompt: " a fox\n" }, expect.any(String));
    expect(box()).toHaveProperty("value", "");
    expect(document.activeElement).toBe(box());
  }
});

it("does not submit while an input method is composing", () => {
  const submit = vi.spyOn(videos, "submit");
  render(<Composer />, { wrapper: appWrapper() });
  fireEvent.change(box(), { target: { value: "狐狸" } });
  fireEvent.keyDown(box(), { key: "Enter", ctrlKey: true, isComposing: true });
  expect(submit).not.toHaveBeenCalled();
});

it("recalls the last prompt on ArrowUp in an empty box only", () => {
  vi.spyOn(videos, "submit").mockReturnValue(never);
  render(<Composer />, { wrapper: appWrapper() });
  fireEvent.change(box(), { target: { value: "a fox" } });
  fireEvent.keyDown(box(), { key: "Enter", ctrlKey: true });
  fireEvent.keyDown(box(), { key: "ArrowUp" });
  expect(box()).toHaveProperty("value", "a fox");
  fireEvent.change(box(), { target: { value: "an owl" } });
  fireEvent.keyDown(box(), { key: "ArrowUp" });
  expect(box()).toHaveProperty("value", "an owl");
});
