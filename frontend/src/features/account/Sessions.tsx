// Lists the user's sessions and signs them out. Invariant: the current session is marked, and ends only by logging out.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { ConfirmButton } from "@/components/ui/ConfirmButton";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Section } from "@/components/ui/Page";
import { Table } from "@/components/ui/Table";
import { account } from "@/lib/api/endpoints";
import { queries } from "@/lib/api/queries";
import { useApiMutation } from "@/lib/api/useApiMutation";
import { useFormat } from "@/lib/i18n/format";
import { useCoarseNow } from "@/lib/useNow";
import { browserName } from "./browserName";
import styles from "./Account.module.css";

export function Sessions() {
  const { t } = useTranslation();
  const { ago, dateTime } = useFormat();
  const now = useCoarseNow();
  const client = useQueryClient();
  const { data, error } = useQuery(queries.sessions);
  const onSuccess = () => client.invalidateQueries(queries.sessions);
  const signOut = useApiMutation({ mutationFn: account.endSession, onSuccess });
  const signOutOthers = useApiMutation({ mutationFn: account.endOtherSessions, onSuccess });
  const rows = data?.data ?? [];
  return (
    <Section title={t("sessions.title")} detail={t("sessions.detail")} testId="sessions">
      <ErrorMessage error={error ?? signOut.error ?? signOutOthers.error} />
      {data && (
        <Table
          label={t("sessions.title")}
          rows={rows}
          rowKey={(session) => session.id}
          empty=""
          columns={[
            { key: "where", name: t("sessions.browser"), wide: true, cell: ({ userAgent }) => browserName(userAgent) ?? t("sessions.unknown") },
            { key: "since", name: t("sessions.since"), cell: ({ createdAt }) => dateTime(createdAt) },
            { key: "seen", name: t("sessions.lastSeen"), cell: ({ lastSeenAt, createdAt }) => ago(lastSeenAt ?? createdAt, now) },
            {
              key: "end",
              name: t("app.actions"),
              actions: true,
              numeric: true,
              cell: (session) =>
                session.current ? (
                  <span className={styles.current}>{t("sessions.current")}</span>
                ) : (
                  <ConfirmButton
                    label={t("sessions.signOut")}
                    question={t("sessions.signOutConfirm")}
                    subject={browserName(session.userAgent) ?? t("sessions.unknown")}
                    onConfirm={() => signOut.mutate(session.id)}
                  />
                ),
            },
          ]}
        />
      )}
      {rows.length > 1 && (
        <Button onClick={() => signOutOthers.mutate()} aria-disabled={signOutOthers.isPending}>
          {t("sessions.signOutOthers")}
        </Button>
      )}
    </Section>
  );
}
