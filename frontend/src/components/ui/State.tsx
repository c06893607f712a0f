// A whole view with nothing to show but a sentence, and at most one thing to do. Invariant: it is announced.
import type { ReactNode } from "react";
import styles from "./State.module.css";

export function State({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <div className={styles.state} role="status">
      <p>{text}</p>
      {children}
    </div>
  );
}
