// The views of someone signed in, and what joins their features. Invariant: coming back to the wall finds it where it was left.
import { lazy, Suspense, useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Link, Redirect, Route, Switch, useLocation } from "wouter";
import { State } from "@/components/ui/State";
import { Composer, Examples, useComposer } from "@/features/composer";
import { useIsChoosing, Wall } from "@/features/wall";
import type { Job, User } from "@/lib/api/types";
import { useScrollMemory } from "./useScrollMemory";

// Fetched when someone goes there; the first load is the wall's alone.
const Screen = lazy(() => import("@/features/screen").then(({ Screen: view }) => ({ default: view })));
const AccountPage = lazy(() => import("@/features/account").then(({ AccountPage: view }) => ({ default: view })));
const AdminPage = lazy(() => import("@/features/admin").then(({ AdminPage: view }) => ({ default: view })));

export function Routes({ user }: { user: User }) {
  const { t } = useTranslation();
  const [path, navigate] = useLocation();
  useScrollMemory(path);

  const reuse = useCallback(
    (job: Job) => {
      const { setText, wish, attach } = useComposer.getState();
      setText(job.prompt);
      wish({ model: job.model, orientation: job.orientation, seconds: job.seconds, size: job.size });
      attach({ remixOf: job.status === "completed" ? job.id : null, imageId: job.referenceImageId });
      navigate("/");
      // The composer may only now come into being.
      requestAnimationFrame(() => document.getElementById("prompt")?.focus());
    },
    [navigate],
  );
  const back = useCallback(() => navigate("/"), [navigate]);

  return (
    <Suspense fallback={<State text={t("wall.loading")} />}>
      <Switch>
        <Route path="/">
          <Home onReuse={reuse} />
        </Route>
        <Route path="/videos/:jobId">{({ jobId }) => <Screen key={jobId} jobId={jobId} onBack={back} onReuse={reuse} />}</Route>
        <Route path="/account">
          <AccountPage user={user} />
        </Route>
        {user.role === "admin" && (
          <Route path="/admin/:section?">{({ section }) => <AdminPage section={section} user={user} />}</Route>
        )}
        <Route path="/sign-in">
          <Redirect to="/" replace />
        </Route>
        <Route path="/sign-up">
          <Redirect to="/" replace />
        </Route>
        <Route>
          <State text={t("app.notFound")}>
            <Link href="/">{t("app.toWall")}</Link>
          </State>
        </Route>
      </Switch>
    </Suspense>
  );
}

function Home({ onReuse }: { onReuse: (job: Job) => void }) {
  const { t } = useTranslation();
  const choosing = useIsChoosing();
  return (
    <>
      <h1 className="visually-hidden">{t("app.wallTitle")}</h1>
      {!choosing && (
        <a className="skip" href="#prompt">
          {t("app.skip")}
        </a>
      )}
      <Wall empty={<Examples />} onReuse={onReuse} />
      {!choosing && <Composer />}
    </>
  );
}
