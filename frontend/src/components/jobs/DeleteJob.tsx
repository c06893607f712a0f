// Deletes an ended job after a confirmation. Invariant: neither a double click nor pressing Enter twice deletes.
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { Trash2 } from "lucide-react";
import { Button, IconButton } from "@/components/ui/Button";
import { ignoreDoubleClick } from "@/components/ui/ignoreDoubleClick";
import type { Job } from "@/lib/api/types";
import { runAction } from "@/lib/jobs/actions";
import { usePendingAction } from "@/lib/jobs/useJobActions";
import styles from "./DeleteJob.module.css";

interface Props {
  job: Job;
  compact?: boolean;
  /** Class of the icon button, on cards that show it on hover. */
  className?: string | undefined;
  /** Called when the user confirms. */
  onDelete?: () => void;
}

export function DeleteJob({ job, compact = false, className, onDelete }: Props) {
  const { t } = useTranslation();
  const [confirming, setConfirming] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  const restoreFocus = useRef(false);

  useEffect(() => {
    if (confirming || !restoreFocus.current) return;
    restoreFocus.current = false;
    trigger.current?.focus();
  }, [confirming]);

  const cancel = (focus: boolean) => {
    restoreFocus.current = focus;
    setConfirming(false);
  };
  if (confirming) {
    return <Confirmation job={job} compact={compact} onCancel={cancel} {...(onDelete && { onDelete })} />;
  }
  const props = { ref: trigger, className, onClick: () => setConfirming(true), "data-testid": "job-delete" };
  if (!compact) {
    return (
      <Button {...props}>
        <Trash2 size={16} aria-hidden /> {t("jobActions.delete")}
      </Button>
    );
  }
  return (
    <IconButton label={t("jobActions.delete")} {...props}>
      <Trash2 size={16} aria-hidden />
    </IconButton>
  );
}

interface ConfirmationProps {
  job: Job;
  compact: boolean;
  onDelete?: () => void;
  /** `focus`: whether to move the focus back to the trigger. */
  onCancel: (focus: boolean) => void;
}

function Confirmation({ job, compact, onDelete, onCancel }: ConfirmationProps) {
  const { t } = useTranslation();
  const deleting = usePendingAction(job) === "delete";
  const group = useRef<HTMLDivElement>(null);
  const cancelButton = useRef<HTMLButtonElement>(null);

  useEffect(() => cancelButton.current?.focus(), []);
  useEffect(() => {
    const onPointerDown = ({ target }: PointerEvent) => {
      if (target instanceof Node && !group.current?.contains(target)) onCancel(false);
    };
    document.addEventListener("pointerdown", onPointerDown);
    return () => document.removeEventListener("pointerdown", onPointerDown);
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    onCancel(true);
  };
  const confirm = () => {
    onDelete?.();
    void runAction("delete", job);
  };
  const question = t("jobActions.deleteQuestion");
  return (
    <div ref={group} role="group" aria-label={question} className={styles.confirmation} data-compact={compact} onKeyDown={onKeyDown}>
      <span className={styles.text} aria-hidden>
        {question}
      </span>
      <Button className={styles.confirm} onClick={ignoreDoubleClick(confirm)} aria-disabled={deleting} data-testid="job-delete-confirm">
        {t(deleting ? "jobActions.deleting" : "jobActions.delete")}
      </Button>
      <Button ref={cancelButton} className={styles.cancel} onClick={() => onCancel(true)} data-testid="job-delete-cancel">
        {t("app.cancel")}
      </Button>
    </div>
  );
}
