// A request on its way, before the server has answered. Invariant: makes no claim that it was accepted.
import { useTranslation } from "react-i18next";
import { Exposure, LineOfLight } from "@/components/ui/Exposure";
import type { Sending } from "@/lib/jobs/store";
import styles from "./JobCard.module.css";

export function SendingCard({ sending }: { sending: Sending }) {
  const { t } = useTranslation();
  const words = t("words.sending");
  return (
    <article className={styles.card} data-testid="sending-card">
      <Exposure id={sending.key} developed={0} className={styles.picture}>
        <span className={styles.prompt} dir="auto">
          {sending.prompt}
        </span>
        <LineOfLight progress={0} known={false} words={words} />
      </Exposure>
      <div className={styles.caption}>
        <p className={styles.words}>{words}</p>
      </div>
    </article>
  );
}
