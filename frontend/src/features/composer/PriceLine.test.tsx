// Tests what the composer says about prices and budgets.
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { account, videos } from "@/lib/api/endpoints";
import type { Budget, Price } from "@/lib/api/types";
import { changeLanguage, setupI18n } from "@/lib/i18n/setup";
import { appWrapper, makeModel } from "@/lib/testing";
import { PriceLine } from "./PriceLine";
import { useComposer } from "./store";

const day: Budget = { scope: "user", period: "day", amount: "12.00", spent: "3.40", left: "8.60", resetsAt: "2026-11-28T00:00:00.000Z" };
const perVideo: Price = { per: "video", amount: "0.80", currency: "CNY" };

beforeAll(setupI18n);

beforeEach(async () => {
  localStorage.clear();
  await changeLanguage("en");
  useComposer.getState().open("user");
  useComposer.getState().setSettings({ count: 4 });
});

afterEach(cleanup);

function show(price: Price | null, budgets: Budget[]) {
  const model = makeModel({ price, default: true });
  const defaults = { model: model.id, orientation: "landscape" as const, seconds: 10, size: "1280x720" };
  vi.spyOn(videos, "models").mockResolvedValue({ models: [model], defaults, free: false });
  vi.spyOn(account, "budgets").mockResolvedValue({ currency: "CNY", budgets });
  render(<PriceLine />, { wrapper: appWrapper() });
}

it("says what the request costs and what is left of the tightest budget", async () => {
  show(perVideo, [day, { ...day, scope: "everyone", period: "month", amount: null, spent: null, left: "100.00" }]);
  expect(await screen.findByText("4 videos, about ¥3.20, ¥8.60 left today")).toBeTruthy();
});

it("says it in Chinese", async () => {
  await changeLanguage("zh");
  show(perVideo, [{ ...day, scope: "everyone", period: "month", amount: null, spent: null }]);
  expect(await screen.findByText("4 个视频，约 ¥3.20，本月服务器预算剩余 ¥8.60")).toBeTruthy();
});

it("says when the request exceeds a budget, and when the budget resets", async () => {
  show({ ...perVideo, per: "second" }, [day]);
  const line = await screen.findByText(/¥8.60 left today/);
  expect(line.textContent).toContain("about ¥32.00");
  expect(line.textContent).toContain("Over budget until");
});

it("says the price alone without budgets, and nothing without a price", async () => {
  show(perVideo, []);
  expect(await screen.findByText("4 videos, about ¥3.20")).toBeTruthy();
  cleanup();
  const asked = vi.spyOn(account, "budgets");
  asked.mockClear();
  show(null, [day]);
  await vi.waitFor(() => expect(videos.models).toHaveBeenCalled());
  expect(screen.queryByTestId("composer-price")).toBeNull();
});
