// A whole view with nothing to show but a sentence, and at most one thing to do. Invariant: it is announced.
import type { ReactNode } from "react";
import styles from "./EmptyState.module.css";

interface Props {
  text: string;
  /** Where it is only a part of its view, which has its heading elsewhere. */
  nested?: boolean;
  children?: ReactNode;
}

export function EmptyState({ text, nested = false, children }: Props) {
  const Heading = nested ? "p" : "h1";
  return (
    <div className={styles.emptyState} role="status">
      <Heading className={styles.heading}>{text}</Heading>
      {children}
    </div>
  );
}
