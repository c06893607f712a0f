// The views of someone signed in, and what joins their features. Invariant: coming back to the wall finds it where it was left.
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Link, Redirect, Route, Switch, useLocation } from "wouter";
import { State } from "@/components/ui/State";
import { Composer, Examples, useComposer } from "@/features/composer";
import { Screen } from "@/features/screen";
import { Wall } from "@/features/wall";
import type { Job } from "@/lib/api/types";
import { useScrollMemory } from "./useScrollMemory";

export function Routes() {
  const { t } = useTranslation();
  const [path, navigate] = useLocation();
  useScrollMemory(path);

  const reuse = useCallback(
    (job: Job) => {
      const { setText, wish } = useComposer.getState();
      setText(job.prompt);
      wish({ model: job.model, orientation: job.orientation, seconds: job.seconds });
      navigate("/");
      // The composer may only now come into being.
      requestAnimationFrame(() => document.getElementById("prompt")?.focus());
    },
    [navigate],
  );
  const back = useCallback(() => navigate("/"), [navigate]);

  return (
    <Switch>
      <Route path="/">
        <h1 className="visually-hidden">{t("app.wallTitle")}</h1>
        <a className="skip" href="#prompt">
          {t("app.skip")}
        </a>
        <Wall empty={<Examples />} onReuse={reuse} />
        <Composer />
      </Route>
      <Route path="/videos/:jobId">{({ jobId }) => <Screen key={jobId} jobId={jobId} onBack={back} onReuse={reuse} />}</Route>
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
  );
}
