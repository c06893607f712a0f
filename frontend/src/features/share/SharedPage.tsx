// A video shared by link. Invariant: needs no session, and shows nothing about its owner.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { JobPlaceholder } from "@/components/jobs/JobPlaceholder";
import { Button } from "@/components/ui/Button";
import { EmptyState } from "@/components/ui/EmptyState";
import { queries } from "@/lib/api/queries";
import { sharedContentUrl, sharedPosterUrl } from "@/lib/api/urls";
import { useFormat } from "@/lib/i18n/format";
import { useErrorText } from "@/lib/i18n/useErrorText";
import styles from "./SharedPage.module.css";

export function SharedVideoPage({ token }: { token: string }) {
  const { t } = useTranslation();
  const { dateTime } = useFormat();
  const { data, error, refetch } = useQuery(queries.shared(token));
  const errorText = useErrorText(error);
  if (error && error.status >= 400 && error.status < 500) return <EmptyState text={t("share.unavailable")} />;
  if (error) {
    return (
      <EmptyState text={errorText ?? ""}>
        <Button onClick={() => void refetch()}>{t("app.tryAgain")}</Button>
      </EmptyState>
    );
  }
  if (!data) return <EmptyState text={t("app.loading")} />;
  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">{t("share.pageTitle")}</h1>
      <JobPlaceholder id={token} intensity={1} className={[styles.media, styles[data.orientation]].join(" ")}>
        <video
          className={styles.video}
          src={sharedContentUrl(token)}
          poster={data.hasPoster ? sharedPosterUrl(token) : undefined}
          controls
          autoPlay
          muted
          loop
          playsInline
          aria-label={t("videoDetail.video")}
          data-testid="video-player"
        />
      </JobPlaceholder>
      <p className={styles.expires}>{t("share.expires", { date: dateTime(data.expiresAt) })}</p>
    </div>
  );
}
