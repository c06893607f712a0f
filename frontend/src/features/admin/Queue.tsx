// Whether jobs are taken, and how many at once. Invariant: shows what the server has answered, not what was pressed.
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Pause, Play } from "lucide-react";
import { Button } from "@/components/ui/Button";
import { Field } from "@/components/ui/Field";
import { Section } from "@/components/ui/Page";
import { Reason } from "@/components/ui/Reason";
import { admin } from "@/lib/api/admin";
import type { QueueState } from "@/lib/api/types";
import { useAct } from "@/lib/useAct";
import { useAsked } from "@/lib/useAsked";
import styles from "./Admin.module.css";

export function Queue() {
  const { t } = useTranslation();
  const { value, error, put } = useAsked(admin.queue);
  const act = useAct();
  const change = (state: Partial<QueueState>) =>
    void act.run(async () => {
      const answer = await admin.setQueue(state);
      put(() => answer);
    });
  return (
    <Section title={t("admin.queue")} detail={t("admin.queueDetail")} testId="admin-queue">
      <Reason error={error ?? act.error} />
      {value && (
        <>
          <p role="status">{t(value.paused ? "admin.paused" : "admin.running")}</p>
          <Button onClick={() => change({ paused: !value.paused })} aria-disabled={act.busy} data-testid="admin-pause">
            {value.paused ? <Play size={16} aria-hidden /> : <Pause size={16} aria-hidden />} {t(value.paused ? "admin.resume" : "admin.pause")}
          </Button>
          <Concurrency key={value.concurrency} concurrency={value.concurrency} busy={act.busy} onChange={(concurrency) => change({ concurrency })} />
        </>
      )}
    </Section>
  );
}

interface ConcurrencyProps {
  concurrency: number | null;
  busy: boolean;
  onChange: (concurrency: number | null) => void;
}

function Concurrency({ concurrency, busy, onChange }: ConcurrencyProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(concurrency === null ? "" : String(concurrency));
  const valid = /^\d{0,5}$/.test(text.trim());
  const save = (event: SyntheticEvent) => {
    event.preventDefault();
    if (valid && !busy) onChange(text.trim() === "" ? null : Number(text));
  };
  return (
    <form className={styles.inline} onSubmit={save}>
      <Field
        label={t("admin.concurrency")}
        inputMode="numeric"
        placeholder={t("admin.noLimit")}
        value={text}
        error={valid ? undefined : t("admin.numberOnly")}
        onChange={(event) => setText(event.target.value)}
      />
      <Button type="submit" aria-disabled={busy}>
        {t("account.save")}
      </Button>
    </form>
  );
}
