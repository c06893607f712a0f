// Starts and stops everything that belongs to one user's session. Invariant: nothing of a user remains when another signs in.
import { useEffect } from "react";
import { persistDraft, useComposer } from "@/features/composer";
import { syncSelection, useSelection } from "@/features/gallery";
import { resetQueries } from "@/lib/api/queryClient";
import { resetActions, syncActions } from "@/lib/jobs/actions";
import { useFilter } from "@/lib/jobs/filter";
import { useJobs } from "@/lib/jobs/store";
import { useSession } from "@/lib/session/store";
import { clearToasts } from "@/lib/toasts";
import { startLive } from "./startLive";

export function useUserSession(userId: string): void {
  useEffect(() => {
    useComposer.getState().open(userId);
    const stops = [persistDraft(), syncActions(), syncSelection(), startLive(() => useSession.getState().signedOut(true))];
    return () => {
      for (const stop of stops) stop();
      const { session } = useSession.getState();
      // An explicit logout erases the draft; an expired session keeps it.
      useComposer.getState().close(session.status === "signedOut" && !session.expired);
      useFilter.getState().clear();
      useSelection.getState().clear();
      clearToasts();
      resetActions();
      useJobs.getState().reset();
      resetQueries();
    };
  }, [userId]);
}
