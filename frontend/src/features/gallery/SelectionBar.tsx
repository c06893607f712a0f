// Actions for the selected cards, in the composer's place. Invariant: nothing is deleted without a confirmation that states the number.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Trash2, X } from "lucide-react";
import { Button, IconButton } from "@/components/ui/Button";
import { Dialog, DialogActions } from "@/components/ui/Dialog";
import { ignoreDoubleClick } from "@/components/ui/ignoreDoubleClick";
import { useFormat } from "@/lib/i18n/format";
import { toast } from "@/lib/toasts";
import { deleteSelected, useSelection } from "./selection";
import styles from "./SelectionBar.module.css";

/** `selectableIds`: all cards that can be selected, for Select all. */
export function SelectionBar({ selectableIds }: { selectableIds: readonly string[] }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const { selected, remaining, add, clear } = useSelection();
  const [confirming, setConfirming] = useState(false);
  const count = selected.size;
  const busy = remaining > 0;

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && useSelection.getState().remaining === 0) clear();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [clear]);

  const remove = async () => {
    setConfirming(false);
    const { deleted, failed } = await deleteSelected();
    if (deleted > 0) toast({ text: t("select.deleted", { count: deleted, number: number(deleted) }) });
    if (failed === 0) clear();
    if (failed > 0) toast({ text: t("select.failed", { count: failed, number: number(failed) }) });
  };
  return (
    <div className={styles.dock}>
      <div role="group" aria-label={t("select.label")} className={styles.bar} data-testid="selection">
        <p role="status" className={styles.count}>
          {busy ? t("select.deleting", { count: remaining, number: number(remaining) }) : t("select.count", { count, number: number(count) })}
        </p>
        {count < selectableIds.length && (
          <Button onClick={() => add(selectableIds)} data-testid="selection-all">
            {t("select.all")}
          </Button>
        )}
        <Button kind="danger" onClick={() => count > 0 && setConfirming(true)} aria-disabled={busy || count === 0} data-testid="selection-delete">
          <Trash2 size={16} aria-hidden /> {t("jobActions.delete")}
        </Button>
        <IconButton label={t("select.clear")} onClick={clear} data-testid="selection-clear">
          <X size={18} aria-hidden />
        </IconButton>
      </div>
      {confirming && !busy && (
        <Dialog title={t("select.confirmTitle", { count, number: number(count) })} onClose={() => setConfirming(false)}>
          <p>{t("select.warning")}</p>
          <DialogActions>
            <Button autoFocus onClick={() => setConfirming(false)}>
              {t("app.cancel")}
            </Button>
            <Button kind="danger" onClick={ignoreDoubleClick(() => void remove())} data-testid="selection-confirm">
              {t("jobActions.delete")}
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </div>
  );
}
