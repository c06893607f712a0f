// The video player. Invariant: a video that cannot be played says so and offers to try again.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { VideoOff } from "lucide-react";
import { Button } from "@/components/ui/Button";
import { contentUrl, posterUrl } from "@/lib/api/urls";
import styles from "./VideoPreview.module.css";

export function Player({ videoId, hasPoster }: { videoId: string; hasPoster: boolean }) {
  const { t } = useTranslation();
  const [failed, setFailed] = useState(false);
  if (failed) {
    return (
      <div className={styles.message} data-testid="video-play-error">
        <VideoOff size={28} aria-hidden />
        <p role="alert">{t("videoDetail.playFailed")}</p>
        <Button onClick={() => setFailed(false)}>{t("app.tryAgain")}</Button>
      </div>
    );
  }
  return (
    <video
      // It may have failed before the listener was attached.
      ref={(video) => {
        if (video?.error) setFailed(true);
      }}
      className={styles.video}
      src={contentUrl(videoId)}
      poster={hasPoster ? posterUrl(videoId) : undefined}
      controls
      autoPlay
      loop
      playsInline
      preload="metadata"
      aria-label={t("videoDetail.video")}
      data-testid="video-player"
      onError={() => setFailed(true)}
    />
  );
}
