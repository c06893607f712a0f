import { expect, it } from "vitest";
import { priceOf } from "./money";

it("rounds a price up to the minor unit, as the server does", () => {
  expect(priceOf({ per: "second", amount: "0.40", currency: "CNY" }, 10)).toBe(4);
  expect(priceOf({ per: "video", amount: "0.80", currency: "CNY" }, 10)).toBe(0.8);
  expect(priceOf({ per: "second", amount: "0.001001", currency: "USD" }, 10)).toBe(0.02);
  expect(priceOf({ per: "second", amount: "1.5", currency: "JPY" }, 3)).toBe(5);
  expect(priceOf({ per: "video", amount: "1.5", currency: "KWD" }, 3)).toBe(1.5);
  expect(priceOf({ per: "video", amount: "0.00", currency: "CNY" }, 3)).toBe(0);
});
