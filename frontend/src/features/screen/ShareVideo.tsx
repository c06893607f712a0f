// Sharing a video by a link that ends by itself. Invariant: says what a link shows, for how long, and takes it back at one press.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Share2 } from "lucide-react";
import { Button } from "@/components/ui/Button";
import { CopyButton } from "@/components/ui/CopyButton";
import { Dialog, DialogActions } from "@/components/ui/Dialog";
import { Reason } from "@/components/ui/Reason";
import { useAbilities } from "@/lib/api/abilities";
import { videos } from "@/lib/api/endpoints";
import type { Share } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { toast } from "@/lib/toasts";
import { useAct } from "@/lib/useAct";
import styles from "./ShareVideo.module.css";

export function ShareVideo({ videoId }: { videoId: string }) {
  const { t } = useTranslation();
  const shares = useAbilities((state) => state.shares);
  const [open, setOpen] = useState(false);
  if (!shares) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)} data-testid="share">
        <Share2 size={16} aria-hidden /> {t("share.share")}
      </Button>
      {open && <ShareDialog videoId={videoId} onClose={() => setOpen(false)} />}
    </>
  );
}

function ShareDialog({ videoId, onClose }: { videoId: string; onClose: () => void }) {
  const { t } = useTranslation();
  const { dateTime } = useFormat();
  const [share, setShare] = useState<Share | null>(null);
  const { busy, error, run } = useAct();

  const make = () => run(async () => setShare(await videos.share(videoId)));
  const takeBack = () =>
    run(async () => {
      await videos.unshare(videoId);
      toast({ text: t("share.takenBack") });
      onClose();
    });
  const url = share && new URL(share.url, window.location.href).href;
  return (
    <Dialog title={t("share.title")} onClose={onClose}>
      <p>{t("share.detail")}</p>
      {share && url !== null && (
        <div className={styles.link}>
          <input readOnly value={url} aria-label={t("share.link")} className={styles.url} onFocus={(event) => event.target.select()} data-testid="share-url" />
          <p className={styles.until}>{t("share.until", { date: dateTime(share.expiresAt) })}</p>
        </div>
      )}
      <Reason error={error} />
      <DialogActions>
        <Button onClick={() => void takeBack()} aria-disabled={busy}>
          {t("share.takeBack")}
        </Button>
        {url === null ? (
          <Button kind="accent" onClick={() => void make()} aria-disabled={busy} data-testid="share-make">
            {t("share.make")}
          </Button>
        ) : (
          <CopyButton text={url} kind="accent" label={t("share.copy")} />
        )}
      </DialogActions>
    </Dialog>
  );
}
