// The draft and its settings. Invariant: kept in this browser under the user's id, so that it survives reload and expiry and is
// never shown to someone else.
import { create } from "zustand";
import type { ApiError } from "@/lib/api/client";
import type { Models, Orientation } from "@/lib/api/types";
import { readJson, removeText, writeText } from "@/lib/storage";
import type { Wishes } from "./settings";

/** What became of the last request, when it was not accepted. */
export interface Notice {
  /** `unsure`: no answer came, so that it may have been accepted. */
  kind: "refused" | "unsure";
  error: Pick<ApiError, "code" | "fields" | "retryAfter">;
  /** The text to put back, when the box already held another one. */
  text: string | null;
}

interface Draft extends Wishes {
  text: string;
  last: string;
}

interface ComposerStore extends Draft {
  userId: string | null;
  models: Models | null;
  notice: Notice | null;
  open: (userId: string) => void;
  /** Forgets the draft; `erase` also forgets it in this browser. */
  close: (erase: boolean) => void;
  setText: (text: string) => void;
  wish: (wishes: Partial<Wishes>) => void;
  setModels: (models: Models) => void;
  sent: (text: string) => void;
  notSent: (text: string, notice: Omit<Notice, "text">) => void;
  putBack: () => void;
  dismiss: () => void;
}

const emptyDraft: Draft = { text: "", last: "", model: null, orientation: null, seconds: null };
const initial = { ...emptyDraft, userId: null, models: null, notice: null };
const keyOf = (userId: string): string => `sora.draft.${userId}`;

export const useComposer = create<ComposerStore>()((set, get) => ({
  ...initial,
  open: (userId) => set({ ...initial, ...readDraft(userId), userId }),
  close: (erase) => {
    const { userId } = get();
    set(initial);
    if (erase && userId !== null) removeText(keyOf(userId));
  },
  setText: (text) => set({ text }),
  wish: (wishes) => set(wishes),
  setModels: (models) => set({ models }),
  sent: (text) => set((state) => ({ last: text, notice: null, text: state.text === text ? "" : state.text })),
  notSent: (text, notice) =>
    set((state) =>
      state.text === "" ? { text, notice: { ...notice, text: null } } : { notice: { ...notice, text: state.text === text ? null : text } },
    ),
  putBack: () => set((state) => (state.notice?.text ? { text: state.notice.text, notice: { ...state.notice, text: null } } : state)),
  dismiss: () => set({ notice: null }),
}));

useComposer.subscribe((state, before) => {
  if (state.userId === null || state.userId !== before.userId) return;
  const { text, last, model, orientation, seconds } = state;
  const draft: Draft = { text, last, model, orientation, seconds };
  writeText(keyOf(state.userId), JSON.stringify(draft));
});

/** Keeps a text for a user who is not signed in any more, unless another draft waits already. */
export function keepDraft(userId: string, text: string): void {
  const draft = readDraft(userId);
  if (draft.text === "") writeText(keyOf(userId), JSON.stringify({ ...draft, text }));
}

function readDraft(userId: string): Draft {
  const value = readJson(keyOf(userId));
  if (typeof value !== "object" || value === null) return emptyDraft;
  const { text, last, model, orientation, seconds } = value as Record<string, unknown>;
  const shape: Orientation | null = orientation === "landscape" || orientation === "portrait" ? orientation : null;
  return {
    text: typeof text === "string" ? text : "",
    last: typeof last === "string" ? last : "",
    model: typeof model === "string" ? model : null,
    orientation: shape,
    seconds: typeof seconds === "number" ? seconds : null,
  };
}
