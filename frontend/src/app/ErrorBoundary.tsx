// The last net. Invariant: a fault in one view never leaves an empty page.
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { State } from "@/components/ui/State";

export class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const { t } = useTranslation();
  return (
    <State text={t("app.broken")}>
      <Button onClick={() => window.location.reload()}>{t("app.reload")}</Button>
    </State>
  );
}
