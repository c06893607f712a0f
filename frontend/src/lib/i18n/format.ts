// Formats numbers, dates and durations in the user's language, by Intl.
import { languageTags, usePreferences } from "@/lib/preferences/store";

export interface Format {
  number: (value: number) => string;
  /** A share from 0 to 1. */
  percent: (share: number) => string;
  dateTime: (iso: string) => string;
  ago: (iso: string, now: number) => string;
  time: (iso: string) => string;
  date: (iso: string) => string;
  /** A day as `YYYY-MM-DD`, the same in every time zone. */
  day: (day: string) => string;
  duration: (ms: number) => string;
  /** A running time: "0:46" in English, "46 秒" in Chinese. */
  elapsed: (ms: number) => string;
  /** A rough duration: seconds below a minute, whole minutes above. */
  range: (fromSeconds: number, toSeconds: number) => string;
  bytes: (size: number) => string;
  /** An amount in the main unit of a currency, with its symbol. */
  money: (amount: number, currency: string) => string;
}

const relativeSteps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

function makeFormat(tag: string): Format {
  const number = new Intl.NumberFormat(tag);
  const percent = new Intl.NumberFormat(tag, { style: "percent" });
  const dateTime = new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "short" });
  const date = new Intl.DateTimeFormat(tag, { dateStyle: "medium" });
  const day = new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeZone: "UTC" });
  const time = new Intl.DateTimeFormat(tag, { timeStyle: "medium" });
  const relative = new Intl.RelativeTimeFormat(tag, { numeric: "auto", style: "short" });
  const inUnit = (unit: string, digits = 0) =>
    new Intl.NumberFormat(tag, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits });
  const [seconds, minutes] = [inUnit("second"), inUnit("minute")];
  const inSeconds = (ms: number) => Math.max(0, Math.round(ms / 1_000));
  const duration = (ms: number) => {
    const total = inSeconds(ms);
    const wholeMinutes = Math.floor(total / 60);
    const parts = [wholeMinutes > 0 && minutes.format(wholeMinutes), (total % 60 > 0 || total === 0) && seconds.format(total % 60)];
    return spaced(parts.filter(Boolean).join(" "));
  };
  const sizes = [[1e9, inUnit("gigabyte", 1)], [1e6, inUnit("megabyte", 1)], [1e3, inUnit("kilobyte")]] as const;
  return {
    number: (value) => number.format(value),
    percent: (share) => percent.format(share),
    dateTime: (iso) => dateTime.format(new Date(iso)),
    ago: (iso, now) => {
      const elapsed = Math.max(0, now - Date.parse(iso));
      const step = relativeSteps.find(([, size]) => elapsed >= size);
      return spaced(step ? relative.format(-Math.floor(elapsed / step[1]), step[0]) : relative.format(0, "second"));
    },
    date: (iso) => date.format(new Date(iso)),
    day: (one) => day.format(new Date(one)),
    time: (iso) => time.format(new Date(iso)),
    range: (from, to) => {
      const [format, scale] = to >= 60 ? [minutes, 60] : [seconds, 1];
      const [low, high] = [Math.max(1, Math.round(from / scale)), Math.max(1, Math.ceil(to / scale))];
      return spaced(low >= high ? format.format(high) : format.formatRange(low, high));
    },
    duration,
    elapsed: (ms) => (tag === languageTags.zh ? duration(ms) : clock(inSeconds(ms))),
    money: (amount, currency) => new Intl.NumberFormat(tag, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(amount),
    bytes: (size) => {
      const [scale, format] = sizes.find(([scale]) => size >= scale) ?? sizes[2];
      return format.format(size / scale);
    },
  };
}

/** Separates digits from a Chinese unit that follows: Intl writes "3秒", the page's texts "3 秒". */
const spaced = (text: string): string => text.replace(/(\d)(?=\p{Script=Han})/gu, "$1 ");

/** Writes seconds as m:ss, or h:mm:ss from an hour on. */
function clock(totalSeconds: number): string {
  const [hours, minutes, seconds] = [Math.floor(totalSeconds / 3_600), Math.floor(totalSeconds / 60) % 60, totalSeconds % 60];
  const padded = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${padded(minutes)}:${padded(seconds)}` : `${minutes}:${padded(seconds)}`;
}

/** Cached per language: formatters are expensive, and every card needs them. */
const formats = new Map<string, Format>();

export function useFormat(): Format {
  const tag = languageTags[usePreferences((state) => state.language)];
  const format = formats.get(tag) ?? makeFormat(tag);
  formats.set(tag, format);
  return format;
}
