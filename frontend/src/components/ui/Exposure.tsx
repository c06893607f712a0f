// What a job looks like before it is a video: its own quiet gradient, which develops with the progress, and a line of light.
// Invariant: the gradient depends on the id alone; the line never runs ahead of what is known.
import type { CSSProperties, ReactNode } from "react";
import { gradientOf } from "@/lib/jobs/gradient";
import styles from "./Exposure.module.css";

interface ExposureProps {
  id: string;
  /** 0 to 1. */
  developed: number;
  faded?: boolean;
  className?: string | undefined;
  children?: ReactNode;
}

export function Exposure({ id, developed, faded = false, className, children }: ExposureProps) {
  const { hueA, hueB, x, y } = gradientOf(id);
  const style = {
    "--hue-a": hueA,
    "--hue-b": hueB,
    "--at-x": `${x}%`,
    "--at-y": `${y}%`,
    "--developed": developed,
  } as CSSProperties;
  return (
    <div className={[styles.exposure, faded && styles.faded, className].filter(Boolean).join(" ")} style={style}>
      {children}
    </div>
  );
}

interface LightProps {
  /** 0 to 100. */
  progress: number;
  /** Without a known progress the line breathes instead of pretending. */
  known: boolean;
  words: string;
}

export function LineOfLight({ progress, known, words }: LightProps) {
  return (
    <div
      role="progressbar"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={known ? Math.round(progress) : undefined}
      aria-valuetext={words}
      aria-label={words}
      className={styles.track}
      data-known={known}
      data-testid="job-progress"
    >
      {/* Each its own element: the line would otherwise shrink from its whole length to what is known. */}
      {known ? (
        <div key="known" className={styles.light} style={{ transform: `scaleX(${progress / 100})` }} />
      ) : (
        <div key="breathing" className={styles.breath} />
      )}
    </div>
  );
}
