// Tests the account menu when the session ends.
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { auth } from "@/lib/api/endpoints";
import type { User } from "@/lib/api/types";
import { setupI18n } from "@/lib/i18n/setup";
import { useSession } from "@/lib/session/store";
import { appWrapper } from "@/lib/testing";
import { TopBar } from "./TopBar";

const user: User = { id: "user-1", email: "lin@example.com", name: null, role: "user", createdAt: "2026-01-01T00:00:00Z" };

beforeAll(setupI18n);

afterEach(cleanup);

it.each([
  ["log-out", () => fireEvent.click(screen.getByTestId("account-logout"))],
  ["the session's end", () => useSession.getState().signedOut(true)],
])("closes the account menu on %s", async (_, end) => {
  vi.spyOn(auth, "logout").mockResolvedValue(undefined);
  useSession.setState({ session: { status: "signedIn", user } });
  render(<TopBar />, { wrapper: appWrapper() });
  fireEvent.keyDown(screen.getByTestId("account-menu"), { key: "Enter" });
  expect(screen.queryByRole("menu")).not.toBeNull();
  await act(async () => {
    end();
    await Promise.resolve();
  });
  expect(screen.queryByRole("menu")).toBeNull();
});
