// Shows an API error as text. Always mounted, so that screen readers announce a change.
import { useErrorText, type DisplayableError } from "@/lib/i18n/useErrorText";
import styles from "./Field.module.css";

export function ErrorMessage({ error }: { error: DisplayableError | null }) {
  const text = useErrorText(error);
  return (
    <p role="alert" className={styles.error}>
      {text}
    </p>
  );
}
