// What a provider sent, folded. Invariant: it is rendered as text.
import styles from "./ProviderResponse.module.css";

interface Props {
  label: string;
  text: string;
  testId?: string;
}

export function ProviderResponse({ label, text, testId }: Props) {
  return (
    <details className={styles.response} data-testid={testId}>
      <summary>{label}</summary>
      <pre className={styles.text} dir="auto" translate="no">
        <code>{text}</code>
      </pre>
    </details>
  );
}
