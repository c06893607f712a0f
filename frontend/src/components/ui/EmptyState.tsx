// A view with nothing to show but a message and at most one action. The message is announced to screen readers.
import type { ReactNode } from "react";
import styles from "./EmptyState.module.css";

interface Props {
  text: string;
  /** Set inside a view that has its own heading. */
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
