// The routes of a signed-in user; connects the features with each other. Invariant: returning to the gallery restores its scroll position.
import { lazy, Suspense, useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Link, Redirect, Route, Switch, useLocation } from "wouter";
import { EmptyState } from "@/components/ui/EmptyState";
import { Composer, ExamplePrompts, useComposer } from "@/features/composer";
import { Gallery, useIsSelecting } from "@/features/gallery";
import type { Job, User } from "@/lib/api/types";
import { useScrollRestoration } from "./useScrollRestoration";

// Loaded on demand, so that the first load contains only the gallery.
const VideoDetail = lazy(() => import("@/features/video-detail").then(({ VideoDetail: view }) => ({ default: view })));
const AccountPage = lazy(() => import("@/features/account").then(({ AccountPage: view }) => ({ default: view })));
const AdminPage = lazy(() => import("@/features/admin").then(({ AdminPage: view }) => ({ default: view })));

export function Routes({ user }: { user: User }) {
  const { t } = useTranslation();
  const [path, navigate] = useLocation();
  useScrollRestoration(path);

  const reuse = useCallback(
    (job: Job) => {
      const { setText, setSettings, setAttachments } = useComposer.getState();
      setText(job.prompt);
      setSettings({ model: job.model, orientation: job.orientation, seconds: job.seconds, size: job.size });
      setAttachments({ remixOf: job.status === "completed" ? job.id : null, imageId: job.referenceImageId });
      navigate("/");
      // Wait until the composer is mounted.
      requestAnimationFrame(() => document.getElementById("prompt")?.focus());
    },
    [navigate],
  );
  const back = useCallback(() => navigate("/"), [navigate]);

  return (
    <Suspense fallback={<EmptyState text={t("app.loading")} />}>
      <Switch>
        <Route path="/">
          <Home onReuse={reuse} />
        </Route>
        <Route path="/videos/:jobId">{({ jobId }) => <VideoDetail key={jobId} jobId={jobId} onBack={back} onReuse={reuse} />}</Route>
        <Route path="/account">
          <AccountPage user={user} />
        </Route>
        {user.role === "admin" && (
          <Route path="/admin/:section?/:jobId?">{({ section, jobId }) => <AdminPage section={section} jobId={jobId} user={user} />}</Route>
        )}
        <Route path="/sign-in">
          <Redirect to="/" replace />
        </Route>
        <Route path="/sign-up">
          <Redirect to="/" replace />
        </Route>
        <Route>
          <EmptyState text={t("app.notFound")}>
            <Link href="/">{t("app.toGallery")}</Link>
          </EmptyState>
        </Route>
      </Switch>
    </Suspense>
  );
}

function Home({ onReuse }: { onReuse: (job: Job) => void }) {
  const { t } = useTranslation();
  const selecting = useIsSelecting();
  return (
    <>
      <h1 className="visually-hidden">{t("app.galleryTitle")}</h1>
      {!selecting && (
        <a className="skip" href="#prompt">
          {t("app.skip")}
        </a>
      )}
      <Gallery empty={<ExamplePrompts />} onReuse={onReuse} />
      {!selecting && <Composer />}
    </>
  );
}
