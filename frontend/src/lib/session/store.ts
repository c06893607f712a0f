// The session: who is signed in. Invariant: scripts never see a token; the server's answer decides.
import { create } from "zustand";
import { asApiError } from "@/lib/api/client";
import { auth } from "@/lib/api/endpoints";
import type { SignedIn, User } from "@/lib/api/types";

export type SessionState =
  | { status: "checking" }
  | { status: "unreachable" }
  /** `expired`: it ended without a logout. */
  | { status: "signedOut"; expired: boolean }
  | { status: "signedIn"; user: User };

interface SessionStore {
  session: SessionState;
  check: () => Promise<void>;
  signedIn: (session: SignedIn) => void;
  renamed: (user: User) => void;
  signedOut: (expired: boolean) => void;
  logOut: () => Promise<void>;
}

export const useSession = create<SessionStore>()((set, get) => ({
  session: { status: "checking" },
  check: async () => {
    try {
      get().signedIn(await auth.me());
    } catch (cause) {
      if (asApiError(cause).status === 401) get().signedOut(get().session.status === "signedIn");
      // A failed check does not sign out a user who is signed in.
      else if (get().session.status !== "signedIn") set({ session: { status: "unreachable" } });
    }
  },
  signedIn: ({ user }) => {
    const { session } = get();
    if (session.status === "signedIn" && session.user.id === user.id) return;
    set({ session: { status: "signedIn", user } });
  },
  renamed: (user) => set(({ session }) => (session.status === "signedIn" ? { session: { status: "signedIn", user } } : {})),
  signedOut: (expired) => {
    if (get().session.status !== "signedOut") set({ session: { status: "signedOut", expired } });
  },
  logOut: async () => {
    await auth.logout();
    get().signedOut(false);
  },
}));
