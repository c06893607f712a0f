// The root component. Invariant: without a session only the sign-in page and shared videos are rendered, whatever the path.
import { lazy, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Route, Switch, useLocation } from "wouter";
import { Button } from "@/components/ui/Button";
import { EmptyState } from "@/components/ui/EmptyState";
import { TooltipProvider } from "@/components/ui/Tooltip";
import { AuthPage } from "@/features/auth";
import { useSession } from "@/lib/session/store";
import { ErrorBoundary } from "./ErrorBoundary";
import { TopBar } from "./TopBar";
import { useSessionCheck } from "./useSessionCheck";

const SharedPage = lazy(() => import("@/features/share").then(({ SharedVideoPage: view }) => ({ default: view })));
const SignedIn = lazy(() => import("./SignedIn").then(({ SignedIn: view }) => ({ default: view })));

export function App() {
  const { t } = useTranslation();
  useSessionCheck();
  useEffect(() => {
    document.title = t("app.name");
  }, [t]);
  return (
    <TooltipProvider>
      <TopBar />
      <main>
        <ErrorBoundary>
          <Suspense fallback={<EmptyState text={t("app.loading")} />}>
            <Switch>
              <Route path="/share/:token">{({ token }) => <SharedPage key={token} token={token} />}</Route>
              <Route>
                <Content />
              </Route>
            </Switch>
          </Suspense>
        </ErrorBoundary>
      </main>
    </TooltipProvider>
  );
}

function Content() {
  const { t } = useTranslation();
  const session = useSession((state) => state.session);
  const check = useSession((state) => state.check);
  const [path, navigate] = useLocation();
  switch (session.status) {
    case "checking":
      return <EmptyState text={t("app.loading")} />;
    case "unreachable":
      return (
        <EmptyState text={t("app.unreachable")}>
          <Button onClick={() => void check()}>{t("app.tryAgain")}</Button>
        </EmptyState>
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
      return <SignedIn key={session.user.id} user={session.user} />;
  }
}
