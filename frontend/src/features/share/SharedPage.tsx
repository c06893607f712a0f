// A video that someone shared by a link. Invariant: needs no session, and shows nothing of whom it belongs to.
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Exposure } from "@/components/ui/Exposure";
import { State } from "@/components/ui/State";
import { Button } from "@/components/ui/Button";
import { sharedContentUrl, sharedPosterUrl, videos } from "@/lib/api/endpoints";
import { useFormat } from "@/lib/i18n/format";
import { useErrorText } from "@/lib/i18n/useErrorText";
import { useAsked } from "@/lib/useAsked";
import styles from "./SharedPage.module.css";

export function SharedPage({ token }: { token: string }) {
  const { t } = useTranslation();
  const { dateTime } = useFormat();
  const { value, error, again } = useAsked(useCallback(() => videos.shared(token), [token]));
  const reason = useErrorText(error);
  if (error && error.status >= 400 && error.status < 500) return <State text={t("share.ended")} />;
  if (error) {
    return (
      <State text={reason ?? ""}>
        <Button onClick={again}>{t("app.tryAgain")}</Button>
      </State>
    );
  }
  if (!value) return <State text={t("wall.loading")} />;
  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">{t("share.heading")}</h1>
      <Exposure id={token} developed={1} className={[styles.picture, styles[value.orientation]].join(" ")}>
        <video
          className={styles.video}
          src={sharedContentUrl(token)}
          poster={value.hasPoster ? sharedPosterUrl(token) : undefined}
          controls
          autoPlay
          muted
          loop
          playsInline
          aria-label={t("screen.video")}
          data-testid="video-player"
        />
      </Exposure>
      <p className={styles.until}>{t("share.until", { date: dateTime(value.expiresAt) })}</p>
    </div>
  );
}
