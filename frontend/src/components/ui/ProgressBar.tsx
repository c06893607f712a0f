// The progress of a job as a thin line. Invariant: never shows more progress than is known.
import styles from "./ProgressBar.module.css";

interface ProgressBarProps {
  /** From 0 to 100. */
  progress: number;
  /** Without a known progress the bar pulses. */
  known: boolean;
  label: string;
}

export function ProgressBar({ progress, known, label }: ProgressBarProps) {
  return (
    <div
      role="progressbar"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={known ? Math.round(progress) : undefined}
      aria-valuetext={label}
      aria-label={label}
      className={styles.track}
      data-known={known}
      data-testid="job-progress"
    >
      {/* Separate elements: a single one would animate from its full width down to the first known value. */}
      {known ? (
        <div key="known" className={styles.fill} style={{ transform: `scaleX(${progress / 100})` }} />
      ) : (
        <div key="indeterminate" className={styles.indeterminate} />
      )}
    </div>
  );
}
