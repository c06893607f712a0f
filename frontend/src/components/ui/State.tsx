// A whole view with nothing to show but a sentence, and at most one thing to do. Invariant: it is announced.
import type { ReactNode } from "react";
import styles from "./State.module.css";

interface Props {
  text: string;
  /** Where it is only a part of its view, which has its heading elsewhere. */
  part?: boolean;
  children?: ReactNode;
}

export function State({ text, part = false, children }: Props) {
  const Words = part ? "p" : "h1";
  return (
    <div className={styles.state} role="status">
      <Words className={styles.words}>{text}</Words>
      {children}
    </div>
  );
}
