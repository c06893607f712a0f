// The draft and its settings. Invariant: kept in this browser under the user's id, so that it survives reload and expiry and is
// never shown to someone else.
import { create } from "zustand";
import type { ApiError } from "@/lib/api/client";
import type { Models } from "@/lib/api/types";
import { removeText, writeText } from "@/lib/storage";
import { draftKey, emptyDraft, readDraft, type Kept } from "./draft";
import type { Draft } from "./request";
import type { Wishes } from "./settings";

/** What became of the last request, when it was not accepted. */
export interface Notice {
  /** `unsure`: no answer came, so that it may have been accepted. */
  kind: "refused" | "unsure";
  error: Pick<ApiError, "code" | "fields" | "retryAt">;
  /** The text to put back, when the box already held another one. */
  text: string | null;
}

/** What belongs to one text and is gone with it. */
type Attached = Pick<Draft, "imageId" | "remixOf">;
const nothingAttached: Attached = { imageId: null, remixOf: null };

interface ComposerStore extends Kept {
  userId: string | null;
  models: Models | null;
  notice: Notice | null;
  open: (userId: string) => void;
  /** Forgets the draft; `erase` also forgets it in this browser. */
  close: (erase: boolean) => void;
  setText: (text: string) => void;
  wish: (wishes: Partial<Wishes>) => void;
  attach: (attached: Partial<Attached>) => void;
  setModels: (models: Models) => void;
  sent: (text: string) => void;
  notSent: (draft: Draft, notice: Omit<Notice, "text">) => void;
  putBack: () => void;
  dismiss: () => void;
}

const initial = { ...emptyDraft, userId: null, models: null, notice: null };

export const useComposer = create<ComposerStore>()((set, get) => ({
  ...initial,
  open: (userId) => set({ ...initial, ...readDraft(userId), userId }),
  close: (erase) => {
    const { userId } = get();
    set(initial);
    if (erase && userId !== null) removeText(draftKey(userId));
  },
  // An empty box begins anew: what comes next is no remix any more.
  setText: (text) => set((state) => ({ text, remixOf: text === "" ? null : state.remixOf })),
  wish: (wishes) => set(wishes),
  attach: (attached) => set(attached),
  setModels: (models) => set({ models }),
  sent: (text) => set((state) => ({ last: text, notice: null, ...(state.text === text && { text: "", ...nothingAttached }) })),
  notSent: ({ text, imageId, remixOf }, notice) =>
    set((state) =>
      state.text === ""
        ? { text, imageId: state.imageId ?? imageId, remixOf, notice: { ...notice, text: null } }
        : { notice: { ...notice, text: state.text === text ? null : text } },
    ),
  putBack: () => set((state) => (state.notice?.text ? { text: state.notice.text, notice: { ...state.notice, text: null } } : state)),
  dismiss: () => set({ notice: null }),
}));

useComposer.subscribe((state, before) => {
  if (state.userId === null || state.userId !== before.userId) return;
  const { text, last, model, orientation, seconds, size, count, imageId, remixOf } = state;
  const kept: Kept = { text, last, model, orientation, seconds, size, count, imageId, remixOf };
  writeText(draftKey(state.userId), JSON.stringify(kept));
});
