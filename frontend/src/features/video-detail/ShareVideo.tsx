// Shares a video by an expiring link. Invariant: states what the link shows and until when; revokes all links with one click.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Share2 } from "lucide-react";
import { Button } from "@/components/ui/Button";
import { CopyButton } from "@/components/ui/CopyButton";
import { Dialog, DialogActions } from "@/components/ui/Dialog";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { videos } from "@/lib/api/endpoints";
import { useApiMutation } from "@/lib/api/useApiMutation";
import { useFormat } from "@/lib/i18n/format";
import { toast } from "@/lib/toasts";
import styles from "./ShareVideo.module.css";

export function ShareVideo({ videoId }: { videoId: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
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
  const creation = useApiMutation({ mutationFn: () => videos.share(videoId) });
  const revocation = useApiMutation({
    mutationFn: () => videos.unshare(videoId),
    onSuccess: () => {
      toast({ text: t("share.revoked") });
      onClose();
    },
  });
  const share = creation.data;
  const isPending = creation.isPending || revocation.isPending;
  const url = share === undefined ? null : new URL(share.url, window.location.href).href;
  return (
    <Dialog title={t("share.title")} onClose={onClose}>
      <p>{t("share.detail")}</p>
      {share && url !== null && (
        <div className={styles.link}>
          <input readOnly value={url} aria-label={t("share.link")} className={styles.url} onFocus={(event) => event.target.select()} data-testid="share-url" />
          <p className={styles.expires}>{t("share.expires", { date: dateTime(share.expiresAt) })}</p>
        </div>
      )}
      <ErrorMessage error={creation.error ?? revocation.error} />
      <DialogActions>
        <Button onClick={() => revocation.mutate()} aria-disabled={isPending}>
          {t("share.revoke")}
        </Button>
        {url === null ? (
          <Button kind="accent" onClick={() => creation.mutate()} aria-disabled={isPending} data-testid="share-create">
            {t("share.create")}
          </Button>
        ) : (
          <CopyButton text={url} kind="accent" label={t("share.copy")} />
        )}
      </DialogActions>
    </Dialog>
  );
}
