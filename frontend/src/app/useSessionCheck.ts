// Finds out who is signed in, when the page starts and when the server becomes reachable again.
import { useEffect } from "react";
import { setUnauthenticatedHandler } from "@/lib/api/client";
import { useSession } from "@/lib/session/store";

export function useSessionCheck(): void {
  useEffect(() => {
    const { check, signedOut } = useSession.getState();
    setUnauthenticatedHandler(() => signedOut(true));
    void check();
    const onOnline = () => {
      if (useSession.getState().session.status === "unreachable") void check();
    };
    window.addEventListener("online", onOnline);
    return () => window.removeEventListener("online", onOnline);
  }, []);
}
