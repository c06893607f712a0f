// Who sees what. Invariant: without a session only the sign-in is rendered, whatever the address.
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { Button } from "@/components/ui/Button";
import { State } from "@/components/ui/State";
import { AuthPage } from "@/features/auth";
import { useSession } from "@/lib/session/store";
import { ErrorBoundary } from "./ErrorBoundary";
import { Routes } from "./Routes";
import { TopBar } from "./TopBar";
import { useSessionLifecycle } from "./useSessionLifecycle";

export function App() {
  const { t } = useTranslation();
  useSessionLifecycle();
  useEffect(() => {
    document.title = t("app.name");
  }, [t]);
  return (
    <>
      <TopBar />
      <main>
        <ErrorBoundary>
          <Content />
        </ErrorBoundary>
      </main>
    </>
  );
}

function Content() {
  const { t } = useTranslation();
  const session = useSession((state) => state.session);
  const check = useSession((state) => state.check);
  const [path, navigate] = useLocation();
  switch (session.status) {
    case "checking":
      return <State text={t("app.opening")} />;
    case "unreachable":
      return (
        <State text={t("app.unreachable")}>
          <Button onClick={() => void check()}>{t("app.tryAgain")}</Button>
        </State>
      );
    case "signedOut":
      return (
        <AuthPage
          mode={path === "/sign-up" ? "signUp" : "signIn"}
          expired={session.expired}
          onSwitch={(mode) => navigate(mode === "signUp" ? "/sign-up" : "/sign-in")}
        />
      );
    case "signedIn":
      return <Routes />;
  }
}
