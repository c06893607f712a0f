// Amounts of money. Invariant: a price is rounded up to the currency's minor unit, as the server does.
import type { Price } from "@/lib/api/types";

/** Prices have up to six decimals. */
const millionths = 1e6;

/** Returns what a video of this length costs, in the currency's main unit. */
export function priceOf({ per, amount, currency }: Price, seconds: number): number {
  const minorUnits = 10 ** decimalsOf(currency);
  const units = per === "second" ? seconds : 1;
  return Math.ceil((Math.round(Number(amount) * millionths) * units * minorUnits) / millionths) / minorUnits;
}

const decimalsOf = (currency: string): number =>
  new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
