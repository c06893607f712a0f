// Where passing words appear. Invariant: they are announced, wait while someone is at them, and never take the focus.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { X } from "lucide-react";
import { IconButton } from "@/components/ui/Button";
import { dismissToast, useToasts, type Toast } from "@/lib/toasts";
import styles from "./Toaster.module.css";

const staysMs = 7_000;

export function Toaster() {
  const { t } = useTranslation();
  const toasts = useToasts((state) => state.toasts);
  const [held, setHeld] = useState(false);
  return (
    <section
      aria-label={t("toast.label")}
      className={styles.place}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <div role="status" aria-atomic={false} className={styles.list}>
        {toasts.map((one) => (
          <Item key={one.id} toast={one} held={held} />
        ))}
      </div>
    </section>
  );
}

function Item({ toast, held }: { toast: Toast; held: boolean }) {
  const { t } = useTranslation();
  const { id, text, detail, href } = toast;
  useEffect(() => {
    if (held) return;
    const timer = window.setTimeout(() => dismissToast(id), staysMs);
    return () => window.clearTimeout(timer);
  }, [id, held]);
  const words = (
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
        <p className={styles.words}>{words}</p>
      ) : (
        <Link href={href} className={styles.words} onClick={() => dismissToast(id)}>
          {words}
        </Link>
      )}
      <IconButton label={t("toast.dismiss")} onClick={() => dismissToast(id)}>
        <X size={16} aria-hidden />
      </IconButton>
    </div>
  );
}
