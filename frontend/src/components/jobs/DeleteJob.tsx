// Deletes a job that has ended, in two steps. Invariant: neither a second click in the same place nor Enter alone ever deletes.
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { Trash2 } from "lucide-react";
import { Button, IconButton } from "@/components/ui/Button";
import { onceOnly } from "@/components/ui/onceOnly";
import type { Job } from "@/lib/api/types";
import { act } from "@/lib/jobs/actions";
import { usePending } from "@/lib/jobs/useActing";
import styles from "./DeleteJob.module.css";

interface Props {
  job: Job;
  compact?: boolean;
  /** Of the icon, on a card that shows it only when it is wanted. */
  className?: string | undefined;
  /** Told when it is really asked for. */
  onDelete?: () => void;
}

export function DeleteJob({ job, compact = false, className, onDelete }: Props) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  const comesBack = useRef(false);

  useEffect(() => {
    if (asking || !comesBack.current) return;
    comesBack.current = false;
    trigger.current?.focus();
  }, [asking]);

  const stop = (focus: boolean) => {
    comesBack.current = focus;
    setAsking(false);
  };
  if (asking) {
    return <Question job={job} compact={compact} onNo={stop} {...(onDelete && { onDelete })} />;
  }
  const props = { ref: trigger, className, onClick: () => setAsking(true), "data-testid": "job-delete" };
  if (!compact) {
    return (
      <Button {...props}>
        <Trash2 size={16} aria-hidden /> {t("help.delete")}
      </Button>
    );
  }
  return (
    <IconButton label={t("help.delete")} {...props}>
      <Trash2 size={16} aria-hidden />
    </IconButton>
  );
}

interface QuestionProps {
  job: Job;
  compact: boolean;
  onDelete?: () => void;
  /** Whether the focus goes back to where it came from. */
  onNo: (focus: boolean) => void;
}

function Question({ job, compact, onDelete, onNo }: QuestionProps) {
  const { t } = useTranslation();
  const deleting = usePending(job) === "delete";
  const group = useRef<HTMLDivElement>(null);
  const no = useRef<HTMLButtonElement>(null);

  useEffect(() => no.current?.focus(), []);
  useEffect(() => {
    const leave = ({ target }: PointerEvent) => {
      if (target instanceof Node && !group.current?.contains(target)) onNo(false);
    };
    document.addEventListener("pointerdown", leave);
    return () => document.removeEventListener("pointerdown", leave);
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    onNo(true);
  };
  const confirm = () => {
    onDelete?.();
    void act("delete", job);
  };
  const question = t("help.deleteQuestion");
  return (
    <div ref={group} role="group" aria-label={question} className={styles.question} data-compact={compact} onKeyDown={onKeyDown}>
      <span className={styles.words} aria-hidden>
        {question}
      </span>
      <Button className={styles.yes} onClick={onceOnly(confirm)} aria-disabled={deleting} data-testid="job-delete-confirm">
        {t(deleting ? "help.deleting" : "help.delete")}
      </Button>
      <Button ref={no} className={styles.no} onClick={() => onNo(true)} data-testid="job-delete-keep">
        {t("help.keep")}
      </Button>
    </div>
  );
}
