// Tests the administrators' report of costs, and the budgets of an account.
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { admin } from "@/lib/api/admin";
import type { AdminUser, CostRow } from "@/lib/api/types";
import { setupI18n } from "@/lib/i18n/setup";
import { appWrapper } from "@/lib/testing";
import { Costs } from "./Costs";
import { UserBudget } from "./UserBudget";

beforeAll(setupI18n);

beforeEach(() => {
  // jsdom has no modal dialogs.
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = () => undefined;
});

afterEach(cleanup);

const priced = { currency: "CNY", certainAttempts: 2, certainAmount: "4.80", possibleAttempts: 1, possibleAmount: "1.60" };
const unpriced = { currency: null, certainAttempts: 1, certainAmount: null, possibleAttempts: 0, possibleAmount: null };
const row = (fields: Partial<CostRow>): CostRow => ({ day: null, model: null, upstream: null, userId: null, email: null, ...priced, ...fields });

it("keeps certain and possible costs apart, and shows unknown prices as unknown", async () => {
  const costs = vi.spyOn(admin, "costs").mockResolvedValue({
    from: "2026-10-29",
    to: "2026-11-27",
    data: [row({ userId: "u1", email: "ada@example.org" }), row({ userId: "u2", ...unpriced })],
    truncated: false,
    totals: [priced, unpriced],
  });
  render(<Costs />, { wrapper: appWrapper() });
  expect(await screen.findByText("Certain: ¥4.80. Possible: ¥1.60.")).toBeTruthy();
  expect(screen.getAllByTestId("cost-total")).toHaveLength(1);
  expect(screen.getAllByText("Unknown")).toHaveLength(2);
  expect(screen.getByText("Deleted account u2")).toBeTruthy();
  fireEvent.change(screen.getByTestId("admin-costs-by"), { target: { value: "model" } });
  expect(costs).toHaveBeenLastCalledWith("model");
});

it("sends a budget only if it is an amount, and null for an empty field", () => {
  const user: AdminUser = {
    id: "u1",
    email: "ada@example.org",
    name: null,
    role: "user",
    createdAt: "2026-01-01T00:00:00Z",
    disabled: false,
    jobs: 0,
    budget: { currency: "CNY", perDay: null, perMonth: "30.00" },
  };
  const onChange = vi.fn();
  render(<UserBudget user={user} onChange={onChange} />, { wrapper: appWrapper() });
  fireEvent.click(screen.getByTestId("admin-budget"));
  const day = screen.getByLabelText("Per day (UTC)");
  fireEvent.change(day, { target: { value: "a lot" } });
  fireEvent.click(screen.getByText("Save"));
  expect(onChange).not.toHaveBeenCalled();
  fireEvent.change(day, { target: { value: "20" } });
  fireEvent.change(screen.getByLabelText("Per month (UTC)"), { target: { value: "" } });
  fireEvent.click(screen.getByText("Save"));
  expect(onChange).toHaveBeenCalledWith({ budgetPerDay: "20", budgetPerMonth: null });
});
