// Where one is signed in. Invariant: this session is marked, and can be ended only by logging out.
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { ConfirmButton } from "@/components/ui/ConfirmButton";
import { Section } from "@/components/ui/Page";
import { Reason } from "@/components/ui/Reason";
import { Table } from "@/components/ui/Table";
import { account } from "@/lib/api/endpoints";
import { useFormat } from "@/lib/i18n/format";
import { useAct } from "@/lib/useAct";
import { useAsked } from "@/lib/useAsked";
import { useRoughNow } from "@/lib/useNow";
import { browserOf } from "./browserOf";
import styles from "./Account.module.css";

export function Sessions() {
  const { t } = useTranslation();
  const { ago, dateTime } = useFormat();
  const now = useRoughNow();
  const { value, error, again } = useAsked(account.sessions);
  const ending = useAct();
  const end = async (work: () => Promise<unknown>) => {
    if (await ending.run(work)) again();
  };
  const rows = value?.data ?? [];
  return (
    <Section title={t("sessions.title")} detail={t("sessions.detail")} testId="sessions">
      <Reason error={error ?? ending.error} />
      {value && (
        <Table
          label={t("sessions.title")}
          rows={rows}
          keyOf={(session) => session.id}
          empty=""
          columns={[
            { key: "where", name: t("sessions.where"), wide: true, cell: ({ userAgent }) => browserOf(userAgent) ?? t("sessions.unknown") },
            { key: "since", name: t("sessions.since"), cell: ({ createdAt }) => dateTime(createdAt) },
            { key: "seen", name: t("sessions.seen"), cell: ({ lastSeenAt, createdAt }) => ago(lastSeenAt ?? createdAt, now) },
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
                    label={t("sessions.end")}
                    about={browserOf(session.userAgent) ?? t("sessions.unknown")}
                    onConfirm={() => void end(() => account.endSession(session.id))}
                  />
                ),
            },
          ]}
        />
      )}
      {rows.length > 1 && (
        <Button onClick={() => void end(account.endOtherSessions)} aria-disabled={ending.busy}>
          {t("sessions.endOthers")}
        </Button>
      )}
    </Section>
  );
}
