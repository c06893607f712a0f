// Tests the composer by keyboard and mouse.
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { videos } from "@/lib/api/endpoints";
import { setupI18n } from "@/lib/i18n/setup";
import { useJobs } from "@/lib/jobs/store";
import { usePreferences } from "@/lib/preferences/store";
import { appWrapper, makeModel } from "@/lib/testing";
import type { Models } from "@/lib/api/types";
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

const models: Models = {
  models: [
    makeModel({ id: "sora-2", title: { en: "Sora 2", zh: "Sora 2 标准版" }, referenceImage: "no", default: true }),
    makeModel({
      id: "wan",
      title: { en: "Wan", zh: "万相" },
      orientations: ["portrait"],
      seconds: [5],
      sizes: ["480x832"],
      referenceImage: "required",
      remix: false,
      status: "deprecated",
      retiresOn: "2027-03-31",
    }),
  ],
  defaults: { model: "sora-2", orientation: "landscape", seconds: 10, size: "1280x720" },
  free: false,
};
const notes = () => [...screen.getByTestId("composer-model-notes").children].map((note) => note.textContent);

it("shows what the chosen model can do, and says what does not fit until the request is sent", async () => {
  vi.spyOn(videos, "models").mockResolvedValue(models);
  render(<Composer />, { wrapper: appWrapper() });
  expect(await screen.findByRole("button", { name: "Model: Sora 2" })).toBeTruthy();
  expect(screen.queryByTestId("composer-image")).toBeNull();
  expect(notes()).toEqual([]);
  act(() => {
    useComposer.getState().setSettings({ model: "wan", orientation: "landscape", seconds: 15 });
    useComposer.getState().setAttachments({ remixOf: "job" });
  });
  expect(screen.getByRole("button", { name: "Length: 5 s" })).toBeTruthy();
  expect(screen.queryByTestId("composer-remix")).toBeNull();
  expect(notes()).toEqual([
    "Wan is deprecated and available until Mar 31, 2027.",
    "Wan does not support Landscape. Portrait is used.",
    "Wan does not support 15 s. 5 s is used.",
    "Wan does not support remixes. This will be a new video.",
  ]);
  act(() => useComposer.getState().setSettings({ model: "sora-2" }));
  expect(screen.getByRole("button", { name: "Length: 15 s" })).toBeTruthy();
  expect(notes()).toEqual([]);
});

it("waits for the reference image that the model needs", async () => {
  vi.spyOn(videos, "models").mockResolvedValue(models);
  const submit = vi.spyOn(videos, "submit").mockReturnValue(never);
  useComposer.getState().setSettings({ model: "wan" });
  render(<Composer />, { wrapper: appWrapper() });
  await screen.findByRole("button", { name: "Model: Wan" });
  fireEvent.change(box(), { target: { value: "a fox" } });
  fireEvent.click(button());
  expect(screen.getByText("Wan needs a reference image. Add one.")).toBeTruthy();
  expect(submit).not.toHaveBeenCalled();
  act(() => useComposer.getState().setAttachments({ imageId: "image" }));
  fireEvent.click(button());
  expect(submit).toHaveBeenCalledOnce();
});

it("names models in the user's language", async () => {
  vi.spyOn(videos, "models").mockResolvedValue(models);
  render(<Composer />, { wrapper: appWrapper() });
  await screen.findByRole("button", { name: "Model: Sora 2" });
  act(() => usePreferences.setState({ language: "zh" }));
  expect(await screen.findByRole("button", { name: /Sora 2 标准版/ })).toBeTruthy();
  act(() => usePreferences.setState({ language: "en" }));
});
