// The box that chooses a card, and the long press that does so without it. Invariant: a press on a card chooses instead of opening
// once something is chosen.
import { useEffect, useRef, type MouseEvent, type PointerEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { shorten } from "@/lib/text";
import { isChoosing, useIsChosen } from "./selection";
import styles from "./Pick.module.css";

export type OnChoose = (id: string, range: boolean) => void;

const spokenLength = 60;
const longPressMs = 480;

export function Pick({ job, onChoose }: { job: Job; onChoose: OnChoose }) {
  const { t } = useTranslation();
  const chosen = useIsChosen(job.id);
  return (
    <label className={styles.pick} data-chosen={chosen}>
      <input
        type="checkbox"
        className={styles.box}
        checked={chosen}
        onChange={() => undefined}
        onClick={(event) => onChoose(job.id, event.shiftKey)}
        aria-label={t("select.one", { prompt: shorten(job.prompt, spokenLength) })}
        data-testid="job-select"
      />
    </label>
  );
}

/** For the link that covers a card. */
export function usePickByPress(id: string, onChoose: OnChoose) {
  const timer = useRef(0);
  const taken = useRef(false);
  const stop = () => window.clearTimeout(timer.current);
  useEffect(() => stop, []);
  return {
    onPointerDown: (event: PointerEvent) => {
      taken.current = false;
      if (event.pointerType !== "touch") return;
      timer.current = window.setTimeout(() => {
        taken.current = true;
        onChoose(id, false);
      }, longPressMs);
    },
    onPointerUp: stop,
    onPointerCancel: stop,
    onPointerMove: (event: PointerEvent) => {
      if (Math.abs(event.movementX) + Math.abs(event.movementY) > 4) stop();
    },
    onClick: (event: MouseEvent) => {
      if (!taken.current && (!isChoosing() || event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      if (!taken.current) onChoose(id, event.shiftKey);
      taken.current = false;
    },
  };
}
