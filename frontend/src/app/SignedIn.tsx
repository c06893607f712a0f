// Everything that a signed-in user sees. Loaded on demand, so that the sign-in page does not wait for it.
import { lazy, Suspense } from "react";
import { Toaster } from "@/components/ui/Toaster";
import { DisabledWebhooks, JobNotifications } from "@/features/notifications";
import type { User } from "@/lib/api/types";
import { Routes } from "./Routes";
import { useUserSession } from "./useUserSession";

const UpstreamAlerts = lazy(() => import("@/features/admin").then(({ UpstreamAlerts: view }) => ({ default: view })));

export function SignedIn({ user }: { user: User }) {
  useUserSession(user.id);
  return (
    <>
      <JobNotifications />
      <DisabledWebhooks />
      {user.role === "admin" && (
        <Suspense>
          <UpstreamAlerts />
        </Suspense>
      )}
      <Routes user={user} />
      <Toaster />
    </>
  );
}
