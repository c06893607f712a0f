// A button whose first click asks for confirmation and whose second click acts. Invariant: losing the focus resets it.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { ignoreDoubleClick } from "./ignoreDoubleClick";

interface Props {
  label: string;
  /** The object acted on, for screen readers. */
  subject: string;
  onConfirm: () => void;
  testId?: string;
}

export function ConfirmButton({ label, subject, onConfirm, testId }: Props) {
  const { t } = useTranslation();
  const [confirming, setConfirming] = useState(false);
  const press = ignoreDoubleClick(() => {
    if (confirming) onConfirm();
    setConfirming(!confirming);
  });
  const text = confirming ? t("app.confirm", { action: label }) : label;
  return (
    <Button kind={confirming ? "danger" : "quiet"} onClick={press} onBlur={() => setConfirming(false)} aria-label={`${text}: ${subject}`} data-testid={testId}>
      {text}
    </Button>
  );
}
