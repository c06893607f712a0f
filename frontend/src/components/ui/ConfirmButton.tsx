// A button for what cannot be undone: the first press asks, the second does it. Invariant: leaving it takes the question back.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { onceOnly } from "@/components/ui/onceOnly";

interface Props {
  label: string;
  /** What it is about, for those who hear the button alone. */
  about: string;
  onConfirm: () => void;
  testId?: string;
}

export function ConfirmButton({ label, about, onConfirm, testId }: Props) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const press = onceOnly(() => {
    if (asking) onConfirm();
    setAsking(!asking);
  });
  const words = asking ? t("app.sure", { action: label }) : label;
  return (
    <Button kind={asking ? "danger" : "quiet"} onClick={press} onBlur={() => setAsking(false)} aria-label={`${words}: ${about}`} data-testid={testId}>
      {words}
    </Button>
  );
}
