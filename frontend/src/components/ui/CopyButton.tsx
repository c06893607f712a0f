// Copies a text to the clipboard. Renders nothing where the browser has no clipboard access.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Check, Copy } from "lucide-react";
import { Button } from "@/components/ui/Button";

interface Props {
  text: string;
  label: string;
  kind?: "accent" | "quiet";
}

export function CopyButton({ text, label, kind = "quiet" }: Props) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState<string | null>(null);
  // Undefined outside secure contexts.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (!clipboard) return null;
  const isCopied = copied === text;
  const copy = () => void clipboard.writeText(text).then(() => setCopied(text), () => undefined);
  return (
    <Button kind={kind} onClick={copy} aria-live="polite">
      {isCopied ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />} {isCopied ? t("videoDetail.copied") : label}
    </Button>
  );
}
