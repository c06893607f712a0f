// A button for what cannot be undone: the first press asks, the second does it. Invariant: leaving it takes the question back.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { ignoreDoubleClick } from "./ignoreDoubleClick";

interface Props {
  label: string;
  /** What it is about, for those who hear the button alone. */
  subject: string;
  onConfirm: () => void;
  testId?: string;
}

export function ConfirmButton({ label, subject, onConfirm, testId }: Props) {
  const { t } = useTranslation();
  const [confirming, setAsking] = useState(false);
  const press = ignoreDoubleClick(() => {
    if (confirming) onConfirm();
    setAsking(!confirming);
  });
  const text = confirming ? t("app.confirm", { action: label }) : label;
  return (
    <Button kind={confirming ? "danger" : "quiet"} onClick={press} onBlur={() => setAsking(false)} aria-label={`${text}: ${subject}`} data-testid={testId}>
      {text}
    </Button>
  );
}
