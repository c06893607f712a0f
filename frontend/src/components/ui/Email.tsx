// An email address that breaks before its @ first, and inside a word only when the word is wider than the line.
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
