// Shows toasts. Invariant: they are announced, stay while hovered or focused, and never take the focus.
import { Close, Description, Provider, Root, Title, Viewport } from "@radix-ui/react-toast";
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
  return (
    <Provider duration={toastDurationMs} label={t("toast.label")}>
      {toasts.map((one) => (
        <Item key={one.id} toast={one} />
      ))}
      <Viewport label={t("toast.label")} className={styles.list} />
    </Provider>
  );
}

function Item({ toast: { id, text, detail, href } }: { toast: Toast }) {
  const { t } = useTranslation();
  const dismiss = () => dismissToast(id);
  const content = (
    <>
      <Title asChild>
        <span className={styles.text}>{text}</span>
      </Title>
      {detail !== undefined && (
        <Description asChild>
          <span className={styles.detail} dir="auto">
            {detail}
          </span>
        </Description>
      )}
    </>
  );
  return (
    <Root type="background" className={styles.toast} onOpenChange={dismiss} data-testid="toast">
      {href === undefined ? (
        <p className={styles.content}>{content}</p>
      ) : (
        <Link href={href} className={styles.content} onClick={dismiss}>
          {content}
        </Link>
      )}
      <Close asChild>
        <IconButton label={t("toast.dismiss")}>
          <X size={16} aria-hidden />
        </IconButton>
      </Close>
    </Root>
  );
}
