// Why something came to nothing. Invariant: announced, and empty while there is nothing to say.
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
