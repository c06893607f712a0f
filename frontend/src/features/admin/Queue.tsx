// Pauses the queue and limits its concurrency. Invariant: shows the server's state, not the last click.
import { useState, type SyntheticEvent } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Pause, Play } from "lucide-react";
import { Button } from "@/components/ui/Button";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Field } from "@/components/ui/Field";
import { Section } from "@/components/ui/Page";
import { admin } from "@/lib/api/admin";
import { queries } from "@/lib/api/queries";
import { useApiMutation } from "@/lib/api/useApiMutation";
import styles from "./Admin.module.css";

export function Queue() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { data, error } = useQuery(queries.adminQueue);
  const update = useApiMutation({
    mutationFn: admin.setQueue,
    onSuccess: (updated) => client.setQueryData(queries.adminQueue.queryKey, updated),
  });
  return (
    <Section title={t("admin.queue")} detail={t("admin.queueDetail")} testId="admin-queue">
      <ErrorMessage error={error ?? update.error} />
      {data && (
        <>
          <p role="status">{t(data.paused ? "admin.paused" : "admin.running")}</p>
          <Button onClick={() => update.mutate({ paused: !data.paused })} aria-disabled={update.isPending} data-testid="admin-pause">
            {data.paused ? <Play size={16} aria-hidden /> : <Pause size={16} aria-hidden />} {t(data.paused ? "admin.resume" : "admin.pause")}
          </Button>
          <Concurrency key={data.concurrency} concurrency={data.concurrency} busy={update.isPending} onChange={(concurrency) => update.mutate({ concurrency })} />
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
        error={valid ? undefined : t("admin.invalidNumber")}
        onChange={(event) => setText(event.target.value)}
      />
      <Button type="submit" aria-disabled={busy}>
        {t("account.save")}
      </Button>
    </form>
  );
}
