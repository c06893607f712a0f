// Shows toasts. Invariant: they are announced, stay while hovered or focused, and never take the focus.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { X } from "lucide-react";
import { IconButton } from "@/components/ui/Button";
import { dismissToast, useToasts, type Toast } from "@/lib/toasts";
import styles from "./Toaster.module.css";

const toastDurationMs = 7_000;

export function Toaster() {
  const { t } = useTranslation();
  const toasts = useToasts((state) => state.toasts);
  const [paused, setPaused] = useState(false);
  return (
    <section
      aria-label={t("toast.label")}
      className={styles.region}
      onPointerEnter={() => setPaused(true)}
      onPointerLeave={() => setPaused(false)}
      onFocus={() => setPaused(true)}
      onBlur={() => setPaused(false)}
    >
      <div role="status" aria-atomic={false} className={styles.list}>
        {toasts.map((one) => (
          <Item key={one.id} toast={one} paused={paused} />
        ))}
      </div>
    </section>
  );
}

function Item({ toast, paused }: { toast: Toast; paused: boolean }) {
  const { t } = useTranslation();
  const { id, text, detail, href } = toast;
  useEffect(() => {
    if (paused) return;
    const timer = window.setTimeout(() => dismissToast(id), toastDurationMs);
    return () => window.clearTimeout(timer);
  }, [id, paused]);
  const content = (
    <>
      <span className={styles.text}>{text}</span>
      {detail !== undefined && (
        <span className={styles.detail} dir="auto">
          {detail}
        </span>
      )}
    </>
  );
  return (
    <div className={styles.toast} data-testid="toast">
      {href === undefined ? (
        <p className={styles.content}>{content}</p>
      ) : (
        <Link href={href} className={styles.content} onClick={() => dismissToast(id)}>
          {content}
        </Link>
      )}
      <IconButton label={t("toast.dismiss")} onClick={() => dismissToast(id)}>
        <X size={16} aria-hidden />
      </IconButton>
    </div>
  );
}
