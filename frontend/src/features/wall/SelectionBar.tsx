// What can be done with the chosen cards; stands where the composer stands. Invariant: nothing is deleted without a second press on
// a button that says how many.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Trash2, X } from "lucide-react";
import { Button, IconButton } from "@/components/ui/Button";
import { Dialog, DialogActions } from "@/components/ui/Dialog";
import { onceOnly } from "@/components/ui/onceOnly";
import { useFormat } from "@/lib/i18n/format";
import { toast } from "@/lib/toasts";
import { deleteChosen, useSelection } from "./selection";
import styles from "./SelectionBar.module.css";

/** `all`: what can be chosen of all that is shown. */
export function SelectionBar({ all }: { all: readonly string[] }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const { chosen, left, add, clear } = useSelection();
  const [asking, setAsking] = useState(false);
  const count = chosen.size;
  const busy = left > 0;

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && useSelection.getState().left === 0) clear();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [clear]);

  const remove = async () => {
    setAsking(false);
    const { deleted, kept } = await deleteChosen();
    if (deleted > 0) toast({ text: t("select.deleted", { count: deleted, number: number(deleted) }) });
    if (kept === 0) clear();
    if (kept > 0) toast({ text: t("select.kept", { count: kept, number: number(kept) }) });
  };
  return (
    <div className={styles.dock}>
      <div role="group" aria-label={t("select.label")} className={styles.bar} data-testid="selection">
        <p role="status" className={styles.count}>
          {busy ? t("select.deleting", { count: left, number: number(left) }) : t("select.count", { count, number: number(count) })}
        </p>
        {count < all.length && (
          <Button onClick={() => add(all)} data-testid="selection-all">
            {t("select.all")}
          </Button>
        )}
        <Button kind="danger" onClick={() => count > 0 && setAsking(true)} aria-disabled={busy || count === 0} data-testid="selection-delete">
          <Trash2 size={16} aria-hidden /> {t("help.delete")}
        </Button>
        <IconButton label={t("select.clear")} onClick={clear} data-testid="selection-clear">
          <X size={18} aria-hidden />
        </IconButton>
      </div>
      {asking && !busy && (
        <Dialog title={t("select.question", { count, number: number(count) })} onClose={() => setAsking(false)}>
          <p>{t("select.warning")}</p>
          <DialogActions>
            <Button autoFocus onClick={() => setAsking(false)}>
              {t("help.keep")}
            </Button>
            <Button kind="danger" onClick={onceOnly(() => void remove())} data-testid="selection-confirm">
              {t("help.delete")}
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </div>
  );
}
