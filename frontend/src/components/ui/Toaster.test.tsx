// Tests that toasts are announced and can be dismissed.
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, expect, it } from "vitest";
import { setupI18n } from "@/lib/i18n/setup";
import { appWrapper } from "@/lib/testing";
import { clearToasts, toast, useToasts } from "@/lib/toasts";
import { Toaster } from "./Toaster";

beforeAll(setupI18n);

afterEach(() => {
  cleanup();
  clearToasts();
});

it("announces a toast politely, and leaves the focus where it is", async () => {
  render(<Toaster />, { wrapper: appWrapper() });
  act(() => toast({ text: "Saved" }));
  await waitFor(() => expect(screen.getByRole("status").textContent).toBe("Notifications Saved"));
  expect(document.activeElement).toBe(document.body);
});

it.each([
  ["the button", () => fireEvent.click(screen.getByRole("button", { name: "Dismiss" }))],
  ["its link", () => fireEvent.click(screen.getByRole("link"))],
  ["Escape", () => fireEvent.keyDown(screen.getByTestId("toast"), { key: "Escape" })],
])("is dismissed by %s", (_, dismiss) => {
  render(<Toaster />, { wrapper: appWrapper() });
  act(() => toast({ text: "Ready", href: "/videos/1" }));
  dismiss();
  expect(useToasts.getState().toasts).toEqual([]);
  expect(screen.queryByTestId("toast")).toBeNull();
});
