// A button whose first click asks for confirmation and whose second click acts. Invariant: losing the focus resets it.
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { ignoreDoubleClick } from "./ignoreDoubleClick";

interface Props {
  label: string;
  /** Replaces the label after the first click. */
  question: string;
  /** The object acted on, for screen readers. */
  subject: string;
  onConfirm: () => void;
  testId?: string;
}

export function ConfirmButton({ label, question, subject, onConfirm, testId }: Props) {
  const [confirming, setConfirming] = useState(false);
  const press = ignoreDoubleClick(() => {
    if (confirming) onConfirm();
    setConfirming(!confirming);
  });
  const text = confirming ? question : label;
  return (
    <Button
      kind={confirming ? "danger" : "quiet"}
      onClick={press}
      onBlur={() => setConfirming(false)}
      aria-label={`${text}: ${subject}`}
      data-testid={testId}
    >
      {text}
    </Button>
  );
}
