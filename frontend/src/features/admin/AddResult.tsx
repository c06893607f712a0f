// Adds an address from which a failed job's video is downloaded. Nothing is submitted to the provider.
import { useState, type SyntheticEvent } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Field } from "@/components/ui/Field";
import { admin } from "@/lib/api/admin";
import { queries } from "@/lib/api/queries";
import type { AdminAttempt } from "@/lib/api/types";
import { useApiMutation } from "@/lib/api/useApiMutation";
import { isHttpUrl, maxUrlLength } from "./isHttpUrl";
import styles from "./JobDetails.module.css";

interface Props {
  jobId: string;
  attempt: AdminAttempt;
}

export function AddResult({ jobId, attempt }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [isRejected, setIsRejected] = useState(false);
  const client = useQueryClient();
  const addition = useApiMutation({
    mutationFn: (address: string) => admin.addResult(jobId, attempt.id, { url: address }),
    onSuccess: () => client.invalidateQueries(queries.adminJob(jobId)),
  });
  const url = text.trim();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setIsRejected(!isHttpUrl(url));
    if (isHttpUrl(url)) addition.mutate(url);
  };
  return (
    <form className={styles.add} onSubmit={submit} noValidate data-testid="admin-add-result">
      <Field
        label={t("admin.job.addResult")}
        type="url"
        inputMode="url"
        autoComplete="off"
        maxLength={maxUrlLength}
        hint={t("admin.job.addResultHint")}
        value={text}
        error={isRejected && !isHttpUrl(url) ? t("admin.job.invalidUrl") : undefined}
        onChange={(event) => setText(event.target.value)}
      />
      <Button type="submit" aria-disabled={addition.isPending}>
        {t("admin.job.addResultSubmit")}
      </Button>
      <ErrorMessage error={addition.error} />
    </form>
  );
}
