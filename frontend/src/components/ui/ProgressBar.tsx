// The progress of a job as a thin line. Invariant: it never runs ahead of what is known.
import styles from "./ProgressBar.module.css";

interface ProgressBarProps {
  /** 0 to 100. */
  progress: number;
  /** Without a known progress the line breathes instead of pretending. */
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
      {/* Each its own element: the line would otherwise shrink from its whole length to what is known. */}
      {known ? (
        <div key="known" className={styles.fill} style={{ transform: `scaleX(${progress / 100})` }} />
      ) : (
        <div key="indeterminate" className={styles.indeterminate} />
      )}
    </div>
  );
}
