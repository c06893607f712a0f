// Selects a card by checkbox, or by a long press on touch screens. Invariant: while selecting, a click on a card selects it instead of
// opening it.
import { useEffect, useRef, type MouseEvent, type PointerEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { truncate } from "@/lib/text";
import { isSelecting, useIsSelected } from "./selection";
import styles from "./SelectCheckbox.module.css";

export type OnSelect = (id: string, range: boolean) => void;

const maxLabelLength = 60;
const longPressMs = 480;

export function SelectCheckbox({ job, onSelect }: { job: Job; onSelect: OnSelect }) {
  const { t } = useTranslation();
  const selected = useIsSelected(job.id);
  return (
    <label className={styles.label} data-selected={selected}>
      <input
        type="checkbox"
        className={styles.checkbox}
        checked={selected}
        onChange={() => undefined}
        onClick={(event) => onSelect(job.id, event.shiftKey)}
        aria-label={t("select.item", { prompt: truncate(job.prompt, maxLabelLength) })}
        data-testid="job-select"
      />
    </label>
  );
}

/** Handlers for the link that covers a card. */
export function usePressToSelect(id: string, onSelect: OnSelect) {
  const timer = useRef(0);
  const longPressed = useRef(false);
  const cancelTimer = () => window.clearTimeout(timer.current);
  useEffect(() => cancelTimer, []);
  return {
    onPointerDown: (event: PointerEvent) => {
      longPressed.current = false;
      if (event.pointerType !== "touch") return;
      timer.current = window.setTimeout(() => {
        longPressed.current = true;
        onSelect(id, false);
      }, longPressMs);
    },
    onPointerUp: cancelTimer,
    onPointerCancel: cancelTimer,
    onPointerMove: (event: PointerEvent) => {
      if (Math.abs(event.movementX) + Math.abs(event.movementY) > 4) cancelTimer();
    },
    onClick: (event: MouseEvent) => {
      if (!longPressed.current && (!isSelecting() || event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      if (!longPressed.current) onSelect(id, event.shiftKey);
      longPressed.current = false;
    },
  };
}
