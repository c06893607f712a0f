// Numbers, dates and durations in the reader's language. Invariant: by Intl alone.
import { useMemo } from "react";
import { languageTags, usePreferences } from "@/lib/preferences/store";

export interface Format {
  number: (value: number) => string;
  dateTime: (iso: string) => string;
  ago: (iso: string, now: number) => string;
  duration: (ms: number) => string;
  bytes: (size: number) => string;
}

const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

export function makeFormat(tag: string): Format {
  const number = new Intl.NumberFormat(tag);
  const dateTime = new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "short" });
  const relative = new Intl.RelativeTimeFormat(tag, { numeric: "auto", style: "short" });
  const unit = (name: string, value: number, digits = 0) =>
    new Intl.NumberFormat(tag, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits }).format(value);
  return {
    number: (value) => number.format(value),
    dateTime: (iso) => dateTime.format(new Date(iso)),
    ago: (iso, now) => {
      const elapsed = Math.max(0, now - Date.parse(iso));
      const step = steps.find(([, size]) => elapsed >= size);
      return step ? relative.format(-Math.floor(elapsed / step[1]), step[0]) : relative.format(0, "second");
    },
    duration: (ms) => {
      const seconds = Math.max(0, Math.round(ms / 1_000));
      const minutes = Math.floor(seconds / 60);
      return minutes === 0 ? unit("second", seconds) : `${unit("minute", minutes)} ${unit("second", seconds % 60)}`;
    },
    bytes: (size) => (size < 1_000_000 ? unit("kilobyte", size / 1_000) : unit("megabyte", size / 1_000_000, 1)),
  };
}

export function useFormat(): Format {
  const language = usePreferences((state) => state.language);
  return useMemo(() => makeFormat(languageTags[language]), [language]);
}
