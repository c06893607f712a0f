// Shows a job that has no video yet, as a gradient that grows stronger with the progress. Invariant: the colors depend on the id alone.
import type { CSSProperties, ReactNode } from "react";
import { gradientOf } from "@/lib/jobs/gradient";
import styles from "./JobPlaceholder.module.css";

interface PlaceholderProps {
  id: string;
  /** From 0 to 1. */
  intensity: number;
  muted?: boolean;
  className?: string | undefined;
  children?: ReactNode;
}

export function JobPlaceholder({ id, intensity, muted = false, className, children }: PlaceholderProps) {
  const { hueA, hueB, x, y } = gradientOf(id);
  const style = {
    "--hue-a": hueA,
    "--hue-b": hueB,
    "--at-x": `${x}%`,
    "--at-y": `${y}%`,
    "--intensity": intensity,
  } as CSSProperties;
  return (
    <div className={[styles.placeholder, muted && styles.muted, className].filter(Boolean).join(" ")} style={style}>
      {children}
    </div>
  );
}
