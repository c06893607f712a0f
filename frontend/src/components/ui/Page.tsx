// A page of titled sections, for account and administration.
import { useId, type ReactNode } from "react";
import styles from "./Page.module.css";

interface PageProps {
  title: string;
  /** Rendered beside the title. */
  aside?: ReactNode;
  children: ReactNode;
}

export function Page({ title, aside, children }: PageProps) {
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <h1 className={styles.title}>{title}</h1>
        {aside}
      </header>
      {children}
    </div>
  );
}

interface SectionProps {
  title: string;
  detail?: string;
  testId?: string;
  children: ReactNode;
}

export function Section({ title, detail, testId, children }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={styles.section} data-testid={testId}>
      <div>
        <h2 id={id} className={styles.heading}>
          {title}
        </h2>
        {detail !== undefined && <p className={styles.detail}>{detail}</p>}
      </div>
      <div className={styles.body}>{children}</div>
    </section>
  );
}
