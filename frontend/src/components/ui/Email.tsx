// An address of somebody. Invariant: breaks before its @, and inside a word only when it is longer than a line.
import styles from "./Email.module.css";

export function Email({ address }: { address: string }) {
  const at = address.lastIndexOf("@");
  return (
    <span className={styles.email} dir="auto" translate="no">
      {address.slice(0, at)}
      <wbr />
      {address.slice(at)}
    </span>
  );
}
