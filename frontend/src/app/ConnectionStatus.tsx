// Shows the state of the live connection as a dot with a label. Invariant: the state is never conveyed by color alone.
import { useTranslation } from "react-i18next";
import { useConnection } from "@/lib/live/connectionStore";
import styles from "./ConnectionStatus.module.css";

const keys = {
  live: "connection.live",
  catchingUp: "connection.catchingUp",
  polling: "connection.polling",
  offline: "connection.offline",
  unreachable: "connection.unreachable",
} as const;

export function ConnectionStatus() {
  const { t } = useTranslation();
  const state = useConnection(({ connection }) => connection);
  const label = t(keys[state]);
  return (
    <div role="status" className={styles.connection} data-state={state} data-testid="connection" title={label}>
      <span className={styles.dot} aria-hidden />
      <span className={styles.label}>{label}</span>
    </div>
  );
}
